//! The parameters of a request, as `application/x-www-form-urlencoded` has them.

use std::{
    collections::{BTreeMap, btree_map},
    fmt,
};

use hyper::StatusCode;
use license_texts::text;
use percent_encoding::percent_decode_str;

use super::Refusal;

/// The parameters of a request: each name once.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Parameters(BTreeMap<String, String>);

impl fmt::Debug for Parameters {
    /// Hides the values: they are keys and personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Why parameters cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParametersError {
    /// There are too many.
    TooMany,
    /// One comes twice.
    Doubled(String),
    /// It is no form.
    Malformed,
}

impl ParametersError {
    /// The answer to who asked.
    #[must_use]
    pub fn refusal(self) -> Refusal {
        let text = match self {
            Self::TooMany => text!("gateway-too-many-parameters", most = Parameters::MOST),
            Self::Doubled(name) => text!("gateway-parameter-doubled", name = name),
            Self::Malformed => text!("gateway-parameters-malformed"),
        };
        Refusal::plain(StatusCode::BAD_REQUEST, text)
    }
}

impl Parameters {
    /// The most of one request: the ten metrics of today's MikoPBX, several times over.
    pub const MOST: usize = 128;

    /// The longest name that is repeated in an answer, in characters.
    const LONGEST_SHOWN: usize = 40;

    /// Reads `name=value&name=value` and adds it.
    pub fn add(&mut self, form: &[u8]) -> Result<(), ParametersError> {
        let form = str::from_utf8(form).map_err(|_| ParametersError::Malformed)?;
        for pair in form.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decoded(name)?, decoded(value)?);
            if self.0.len() == Self::MOST {
                return Err(ParametersError::TooMany);
            }
            match self.0.entry(name) {
                btree_map::Entry::Occupied(entry) => {
                    let name = entry.key().chars().take(Self::LONGEST_SHOWN).collect();
                    return Err(ParametersError::Doubled(name));
                }
                btree_map::Entry::Vacant(entry) => entry.insert(value),
            };
        }
        Ok(())
    }

    /// The value of a parameter; `None` if it is not there.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// All but the named one.
    #[must_use]
    pub fn without(&self, name: &str) -> BTreeMap<String, String> {
        let mut rest = self.0.clone();
        rest.remove(name);
        rest
    }
}

/// One name or value. A percent sign that begins no escape is an error, and not a percent sign: what was meant
/// cannot be told.
fn decoded(text: &str) -> Result<String, ParametersError> {
    let spaced = text.replace('+', " ");
    let is_escape = |rest: &str| rest.len() >= 2 && rest.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    if !spaced.split('%').skip(1).all(is_escape) {
        return Err(ParametersError::Malformed);
    }
    let decoded = percent_decode_str(&spaced).decode_utf8();
    decoded.map(String::from).map_err(|_| ParametersError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: &str) -> Result<Parameters, ParametersError> {
        let mut parameters = Parameters::default();
        parameters.add(form.as_bytes()).map(|()| parameters)
    }

    #[test]
    fn a_form_is_read_as_php_writes_it() {
        let read = read("companyname=%D0%9E%D0%9E%D0%9E+%22A%26B%22&inn=&product=11").unwrap();
        assert_eq!(read.get("companyname"), Some("ООО \"A&B\""));
        assert_eq!(read.get("inn"), Some(""));
        assert_eq!(read.get("tel"), None);
        assert_eq!(read.without("inn").len(), 2);
    }

    #[test]
    fn what_is_no_form_is_refused() {
        for form in ["a=%", "a=%4", "a=%zz", "a=%ff", "%c3=1"] {
            assert_eq!(read(form), Err(ParametersError::Malformed), "{form}");
        }
        assert_eq!(Parameters::default().add(b"a=\xff"), Err(ParametersError::Malformed));
        assert_eq!(read("a=1&b=2&a=1"), Err(ParametersError::Doubled("a".to_owned())));
        let many = (0..=Parameters::MOST).map(|at| format!("p{at}=1")).collect::<Vec<_>>().join("&");
        assert_eq!(read(&many), Err(ParametersError::TooMany));
    }
}
