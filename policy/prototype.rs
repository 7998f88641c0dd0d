// SPDX-License-Identifier: GPL-2.0-only

//! What a function's C prototype says: its return type, and its purpose.

use super::{
    btf::Parameter,
    objects::{
        self,
        Object, //
    },
    return_type::Type, //
};

/// The facts from a function's prototype.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Prototype {
    /// The return type.
    pub(crate) returns: Type,
    /// What it works on, if the parameters say so.
    pub(crate) object: Option<Object>,
    /// The kind of request that it serves, if the parameters say so.
    pub(crate) request: Option<Request>,
}

/// A kind of request from user space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// A netlink message, an ioctl, or an option of a socket.
    Direct,
    /// A generic netlink message.
    Generic,
    /// A part of a netlink message.
    Part,
    /// Another operation on a socket.
    Socket,
}

impl Prototype {
    /// An unknown prototype.
    pub(crate) const UNKNOWN: Self = Self {
        returns: Type::Unknown,
        object: None,
        request: None,
    };

    /// Adds the parameter with this index, which is a structure of this name or points to one.
    pub(crate) fn add(&mut self, index: u32, structure: &str) {
        if self.object.is_none() {
            self.object = objects::of(structure);
        }
        let request = match structure {
            "nlmsghdr" | "sockptr_t" => Some(Request::Direct),
            "genl_info" => Some(Request::Generic),
            "netlink_ext_ack" => Some(Request::Part),
            "socket" if index == 0 => Some(Request::Socket),
            _ => None,
        };

        // The strictest counts.
        let is_weak = |known| matches!(known, Request::Part | Request::Socket);
        if request.is_some() && self.request.is_none_or(is_weak) {
            self.request = request;
        }
    }

    /// Adds the shape of the first parameters.
    pub(crate) fn add_shape(&mut self, shape: &[Parameter]) {
        use Parameter::{
            File,
            Network,
            Position,
            Text,
            Unsigned, //
        };

        match shape {
            [File, Unsigned(4), Unsigned(8)] => self.request = Some(Request::Direct),
            [File, Text, Unsigned(8), Position] => {
                self.object.get_or_insert(objects::WRITTEN_FILE);
            }
            [Network] => self.object = Some(Object::Network),
            _ => {}
        }
    }
}
