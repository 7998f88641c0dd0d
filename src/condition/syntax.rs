// SPDX-License-Identifier: GPL-2.0-only

//! The parser of conditions: text to a tree of comparisons.
//!
//! ```text
//! condition  = and { "||" and }
//! and        = term { "&&" term }
//! term       = "!" term | "(" condition ")" | comparison
//! comparison = operand [ operator literal ]
//! operand    = [ "(" structure [ "," member ] ")" ] argument { step }
//!            | "$" word [ "(" string ")" ]
//! step       = ( "->" | "." ) member | "[" number "]"
//! operator   = "==" | "!=" | "<" | "<=" | ">" | ">=" | "&" | "~"
//! literal    = number | name | string
//! ```
//!
//! No blanks outside of strings. Pure text processing without allocation.

use core::fmt;

/// The longest condition, in bytes.
pub(crate) const MAX_LENGTH: usize = 512;
/// The most comparisons.
pub(crate) const MAX_COMPARISONS: usize = 16;
/// The most steps from an argument to a value.
pub(crate) const MAX_STEPS: usize = 8;
/// The most nodes of a tree: comparisons, operators that join them, and as many negations. They are
/// too large for the kernel stack.
pub(crate) const MAX_NODES: usize = 3 * MAX_COMPARISONS;
/// The maximum nesting of parentheses and negations: each level takes kernel stack.
const MAX_DEPTH: usize = 8;

/// An error in a condition, and its offset in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Invalid {
    pub(crate) at: usize,
    pub(crate) what: &'static str,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} at character {} of the condition",
            self.what,
            self.at + 1
        )
    }
}

/// How two things are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// Whether a bit is set in both.
    And,
    /// Whether a pattern matches.
    Matches,
}

/// The right-hand side of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Literal<'a> {
    Number(i128),
    /// An error, an enumerator, or a keyword of the left-hand side.
    Name(&'a str),
    Text(&'a str),
}

/// A step from a value to a member or an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step<'a> {
    /// `->`
    Arrow(&'a str),
    /// `.`
    Dot(&'a str),
    /// `[]`
    Index(u32),
}

/// The left-hand side of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant)] // Nothing is allocated here.
pub(crate) enum Operand<'a> {
    Argument {
        /// The structure that it is cast to a pointer to, and the member of it that it points to,
        /// as for container_of().
        cast: Option<(&'a str, Option<&'a str>)>,
        name: &'a str,
        steps: Steps<'a>,
    },
    /// A property of the caller, without the dollar, and its argument.
    Caller(&'a str, Option<&'a str>),
}

/// Up to [`MAX_STEPS`] steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Steps<'a> {
    all: [Step<'a>; MAX_STEPS],
    count: usize,
}

impl<'a> Steps<'a> {
    pub(crate) fn as_slice(&self) -> &[Step<'a>] {
        self.all.get(..self.count).unwrap_or_default()
    }
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Comparison<'a> {
    /// Where it begins in the condition.
    pub(crate) at: usize,
    pub(crate) operand: Operand<'a>,
    /// The operator and the right-hand side; without them, true if it is not 0.
    pub(crate) with: Option<(Operator, Literal<'a>)>,
}

/// A node of a tree, with the indices of its children.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant)] // As above.
pub(crate) enum Node<'a> {
    Comparison(Comparison<'a>),
    Not(usize),
    And(usize, usize),
    Or(usize, usize),
}

/// A condition.
#[derive(Clone, Copy)]
pub(crate) struct Tree<'a, 'n> {
    nodes: &'n [Option<Node<'a>>],
    root: usize,
}

impl<'a> Tree<'a, '_> {
    /// The node with this index, from another node or [`root()`](Self::root).
    pub(crate) fn node(&self, number: usize) -> Option<&Node<'a>> {
        self.nodes.get(number)?.as_ref()
    }

    /// The index of the root node.
    pub(crate) fn root(&self) -> usize {
        self.root
    }

    /// All comparisons, from left to right.
    pub(crate) fn comparisons(&self) -> impl Iterator<Item = &Comparison<'a>> {
        self.nodes.iter().flatten().filter_map(|node| match node {
            Node::Comparison(comparison) => Some(comparison),
            _ => None,
        })
    }
}

/// Properties of a condition that need no tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Summary {
    /// How many comparisons it has.
    pub(crate) comparisons: usize,
    /// Whether it reads memory that an argument points to.
    pub(crate) reads_memory: bool,
}

/// The length of the condition at the start of `text`: up to a blank that is not in a string.
pub(crate) fn length(text: &str) -> usize {
    let mut in_string = false;
    let ends = |byte: u8| {
        in_string ^= byte == b'"';
        byte == b' ' && !in_string
    };

    text.bytes().position(ends).unwrap_or(text.len())
}

/// Checks that `text`, which is printable ASCII, is a condition.
pub(crate) fn check(text: &str) -> Result<Summary, Invalid> {
    let mut parser = Parser::new(text, None);

    parser.parse_all()?;
    Ok(Summary {
        comparisons: parser.comparisons,
        reads_memory: parser.reads_memory,
    })
}

/// Parses `text`, which is printable ASCII. The nodes of the tree are stored in `nodes`, which must
/// be empty.
pub(crate) fn parse<'a, 'n>(
    text: &'a str,
    nodes: &'n mut [Option<Node<'a>>],
) -> Result<Tree<'a, 'n>, Invalid> {
    let root = Parser::new(text, Some(&mut *nodes)).parse_all()?;

    Ok(Tree { nodes, root })
}

struct Parser<'a, 'n> {
    text: &'a str,
    at: usize,
    depth: usize,
    comparisons: usize,
    reads_memory: bool,
    /// Where nodes are stored, if at all, and their number.
    nodes: Option<&'n mut [Option<Node<'a>>]>,
    count: usize,
}

impl<'a, 'n> Parser<'a, 'n> {
    fn new(text: &'a str, nodes: Option<&'n mut [Option<Node<'a>>]>) -> Self {
        Self {
            text,
            at: 0,
            depth: 0,
            comparisons: 0,
            reads_memory: false,
            nodes,
            count: 0,
        }
    }

    /// Parses the whole text, and returns the index of the root.
    fn parse_all(&mut self) -> Result<usize, Invalid> {
        if self.text.len() > MAX_LENGTH {
            return Err(self.invalid("it is longer than 512 characters"));
        }
        let root = self.condition()?;

        if !self.rest().is_empty() {
            return Err(self.invalid("this is not expected"));
        }
        Ok(root)
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn invalid(&self, what: &'static str) -> Invalid {
        Invalid { at: self.at, what }
    }

    /// Skips `token`, if it is next.
    fn accept(&mut self, token: &str) -> bool {
        let is_next = self.rest().starts_with(token);

        if is_next {
            self.at += token.len();
        }
        is_next
    }

    /// Takes bytes as long as `is_part`.
    fn take_while(&mut self, is_part: impl Fn(u8) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.bytes().take_while(|byte| is_part(*byte)).count();

        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    fn name(&mut self) -> Result<&'a str, Invalid> {
        let begins = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'_';

        if !self.rest().as_bytes().first().is_some_and(begins) {
            return Err(self.invalid("a name is missing"));
        }
        Ok(self.take_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_'))
    }

    fn string(&mut self) -> Result<&'a str, Invalid> {
        if !self.accept("\"") {
            return Err(self.invalid("a string in double quotes is missing"));
        }
        let text = self.take_while(|byte| byte != b'"');

        if !self.accept("\"") {
            return Err(self.invalid("the closing double quote of a string is missing"));
        }
        Ok(text)
    }

    fn add(&mut self, node: Node<'a>) -> Result<usize, Invalid> {
        let number = self.count;

        if number == MAX_NODES {
            return Err(self.invalid("it is too long"));
        }
        if let Some(place) = self.nodes.as_mut().and_then(|nodes| nodes.get_mut(number)) {
            *place = Some(node);
        }
        self.count += 1;
        Ok(number)
    }

    fn condition(&mut self) -> Result<usize, Invalid> {
        let mut left = self.and()?;

        while self.accept("||") {
            let right = self.and()?;

            left = self.add(Node::Or(left, right))?;
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<usize, Invalid> {
        let mut left = self.term()?;

        while self.accept("&&") {
            let right = self.term()?;

            left = self.add(Node::And(left, right))?;
        }
        Ok(left)
    }

    fn term(&mut self) -> Result<usize, Invalid> {
        if self.depth == MAX_DEPTH {
            return Err(self.invalid("it is nested too deeply"));
        }
        self.depth += 1;
        let number = if self.accept("!") {
            let term = self.term()?;

            self.add(Node::Not(term))?
        } else if self.is_cast() || !self.accept("(") {
            self.comparison()?
        } else {
            let condition = self.condition()?;

            if !self.accept(")") {
                return Err(self.invalid("a closing parenthesis is missing"));
            }
            condition
        };

        self.depth -= 1;
        Ok(number)
    }

    /// Whether a cast is next: one or two names in parentheses, followed by an operand.
    fn is_cast(&self) -> bool {
        let is_name = |word: &str| {
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        };
        let cast = self
            .rest()
            .strip_prefix('(')
            .and_then(|rest| rest.split_once(')'));

        cast.is_some_and(|(inside, behind)| {
            let begins = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'$');

            inside.split(',').all(is_name) && behind.as_bytes().first().is_some_and(begins)
        })
    }

    // Not inlined, to keep the stack frame of the recursive functions small.
    #[inline(never)]
    fn comparison(&mut self) -> Result<usize, Invalid> {
        let at = self.at;
        let operand = self.operand()?;
        let with = match self.operator() {
            None => None,
            Some(operator) => Some((operator, self.literal()?)),
        };

        if let Operand::Argument { steps, .. } = operand {
            self.reads_memory |= steps.count > 0 || matches!(with, Some((_, Literal::Text(_))));
        }
        self.comparisons += 1;
        if self.comparisons > MAX_COMPARISONS {
            return Err(self.invalid("there are more than 16 comparisons"));
        }
        self.add(Node::Comparison(Comparison { at, operand, with }))
    }

    #[inline(never)]
    fn operand(&mut self) -> Result<Operand<'a>, Invalid> {
        let mut cast = None;

        if self.accept("(") {
            let structure = self.name()?;
            let member = match self.accept(",") {
                true => Some(self.name()?),
                false => None,
            };

            if !self.accept(")") {
                return Err(self.invalid("the closing parenthesis of a cast is missing"));
            }
            cast = Some((structure, member));
        }
        let start = self.at;
        let is_dollar = self.accept("$");
        let word = self.name()?;
        let is_number =
            |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());

        if is_dollar && !word.strip_prefix("arg").is_some_and(is_number) {
            if cast.is_some() {
                return Err(Invalid {
                    at: start,
                    what: "only arguments can be cast",
                });
            }
            let argument = match self.accept("(") {
                false => None,
                true => {
                    let text = self.string()?;

                    if !self.accept(")") {
                        return Err(self.invalid("a closing parenthesis is missing"));
                    }
                    Some(text)
                }
            };
            return Ok(Operand::Caller(word, argument));
        }
        let name = self.text.get(start..self.at).unwrap_or_default();
        let mut steps = Steps {
            all: [Step::Index(0); MAX_STEPS],
            count: 0,
        };

        while let Some(step) = self.step()? {
            match steps.all.get_mut(steps.count) {
                None => return Err(self.invalid("there are more than 8 steps")),
                Some(place) => *place = step,
            }
            steps.count += 1;
        }
        Ok(Operand::Argument { cast, name, steps })
    }

    fn step(&mut self) -> Result<Option<Step<'a>>, Invalid> {
        if self.accept("->") {
            return Ok(Some(Step::Arrow(self.name()?)));
        }
        if self.accept(".") {
            return Ok(Some(Step::Dot(self.name()?)));
        }
        if !self.accept("[") {
            return Ok(None);
        }
        let index = self.take_while(|byte| byte.is_ascii_digit()).parse().ok();

        match index.filter(|_| self.accept("]")) {
            Some(index) => Ok(Some(Step::Index(index))),
            None => Err(self.invalid("a number in square brackets is missing")),
        }
    }

    fn operator(&mut self) -> Option<Operator> {
        const ALL: [(&str, Operator); 8] = [
            ("==", Operator::Equal),
            ("!=", Operator::NotEqual),
            ("<=", Operator::LessOrEqual),
            (">=", Operator::GreaterOrEqual),
            ("<", Operator::Less),
            (">", Operator::Greater),
            ("&", Operator::And),
            ("~", Operator::Matches),
        ];

        if self.rest().starts_with("&&") {
            return None;
        }
        ALL.into_iter()
            .find(|(token, _)| self.accept(token))
            .map(|(_, operator)| operator)
    }

    fn literal(&mut self) -> Result<Literal<'a>, Invalid> {
        match self.rest().as_bytes().first() {
            Some(b'"') => self.string().map(Literal::Text),
            Some(byte) if byte.is_ascii_digit() => self.number(1).map(Literal::Number),
            Some(b'-') => {
                let start = self.at;

                self.at += 1;
                let is_digit = |byte: &u8| byte.is_ascii_digit();
                if self.rest().as_bytes().first().is_some_and(is_digit) {
                    return self.number(-1).map(Literal::Number);
                }
                self.name()?;
                Ok(Literal::Name(
                    self.text.get(start..self.at).unwrap_or_default(),
                ))
            }
            _ => self.name().map(Literal::Name),
        }
    }

    fn number(&mut self, sign: i128) -> Result<i128, Invalid> {
        let start = self.at;
        let word = self.take_while(|byte| byte.is_ascii_alphanumeric());
        let number = match word.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16),
            None => word.parse::<u64>(),
        };

        number
            .map(|number| sign * i128::from(number))
            .map_err(|_| Invalid {
                at: start,
                what: "this is not a 64-bit number",
            })
    }
}
