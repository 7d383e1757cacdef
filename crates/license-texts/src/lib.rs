//! What people are told, in English and Russian: by the daemon, its tool, its gateway, the license server and the
//! journal. The one source of texts.
//!
//! The texts are in `texts/en` and `texts/ru`, in [Fluent](https://projectfluent.org/), a file for each part of
//! the project; a sentence that two of them say stands there once. In the code a sentence is a [`Text`], which
//! [`text!`] names together with what it is about, and it becomes words where it is known who reads them. Codes,
//! JSON and the log are not translated.

mod catalogue;
mod text;

pub use license_types::Language;

pub use self::text::{Argument, Text};
