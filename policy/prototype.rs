// SPDX-License-Identifier: GPL-2.0-only

//! What a function's C prototype says of it: what it returns, and what it is for.

use super::{
    btf::Parameter,
    objects::{
        self,
        Object, //
    },
    return_type::Type, //
};

/// What a function returns, and what it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Prototype {
    /// What it returns.
    pub(crate) returns: Type,
    /// What it works on that tells what it is for, if anything does.
    pub(crate) object: Option<Object>,
    /// The kind of request that it carries out, if it does.
    pub(crate) request: Option<Request>,
}

/// A request of user space that a function carries out.
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
    /// One of which nothing is known.
    pub(crate) const UNKNOWN: Self = Self {
        returns: Type::Unknown,
        object: None,
        request: None,
    };

    /// Takes note of the structure of this name that the parameter with this index is, or points
    /// to.
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

    /// Takes note of what the first parameters, or all, are.
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
