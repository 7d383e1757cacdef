//! What MikoPBX asks, and how it reads the answers: `license.api/<method>`.

mod answer;
mod license_xml;
mod method;
mod parameters;
mod question;

pub use answer::{Answer, Refusal, Success};
pub use license_xml::license_xml;
pub use method::Method;
pub use parameters::{Parameters, ParametersError};
pub use question::{Question, QuestionError};
