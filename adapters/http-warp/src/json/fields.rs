//! The fields of a request, taken one by one; what is missing, wrong, doubled or left over is an error with a pointer.

use super::value::Json;
use crate::encoding::from_base64url;
use crate::problem::{FieldError, Problem};
use epic_domain::Invalid;
use http::StatusCode;
use zeroize::Zeroizing;

/// The most errors a reply lists.
const ERRORS_MAX: usize = 20;
/// The most characters of an unknown field's name that a reply repeats.
const NAME_MAX: usize = 64;

/// The members of a JSON object that have not been taken yet, and what was wrong with those that have.
pub(crate) struct Fields {
    pointer: String,
    members: Vec<(String, Json)>,
    errors: Vec<FieldError>,
}

const REQUIRED: Invalid = Invalid::new("required", "is required");
const NOT_TEXT: Invalid = Invalid::new("invalid_type", "must be a string");
const NOT_A_NUMBER: Invalid = Invalid::new("invalid_type", "must be a whole number from 0 to 4294967295");
const NOT_A_LARGE_NUMBER: Invalid =
    Invalid::new("invalid_type", "must be a whole number from 0 to 18446744073709551615");
const NOT_AN_OBJECT: Invalid = Invalid::new("invalid_type", "must be an object");
const NOT_BASE64URL: Invalid = Invalid::new("invalid_base64url", "must be base64url without padding");
const DUPLICATE: Invalid = Invalid::new("duplicate_field", "must stand once");
const UNKNOWN: Invalid = Invalid::new("unknown_field", "is not a field of this call");

impl Fields {
    /// Parses a body that must be one JSON object.
    ///
    /// # Errors
    /// A [`Problem`] when it is not JSON, or not an object.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Problem> {
        match serde_json::from_slice::<Json>(body) {
            Ok(Json::Object(members)) => Ok(Self::of(String::new(), members)),
            Ok(_) => Err(malformed("The body must be a JSON object.".to_owned())),
            // The position alone: serde_json's own text may quote the body.
            Err(error) => Err(malformed(format!(
                "The body is not valid JSON (RFC 8259) at line {}, column {}.",
                error.line(),
                error.column()
            ))),
        }
    }

    /// The fields of a body that was left out, which stands for an object without members.
    pub(crate) fn empty() -> Self {
        Self::of(String::new(), Vec::new())
    }

    /// The fields of a body, or a header, that holds texts alone.
    pub(crate) fn of_texts(texts: impl IntoIterator<Item = (String, Zeroizing<String>)>) -> Self {
        Self::of(String::new(), texts.into_iter().map(|(name, text)| (name, Json::Text(text))).collect())
    }

    fn of(pointer: String, members: Vec<(String, Json)>) -> Self {
        Self { pointer, members, errors: Vec::new() }
    }

    /// Takes a text field that must be there.
    pub(crate) fn text<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, Invalid>,
    ) -> Option<T> {
        match self.take(name)? {
            Json::Null => self.refuse(name, REQUIRED),
            Json::Text(text) => self.accept(name, parse(&text)),
            _ => self.refuse(name, NOT_TEXT),
        }
    }

    /// Takes a text field that may be left out or null.
    pub(crate) fn optional_text<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, Invalid>,
    ) -> Option<T> {
        match self.take(name)? {
            Json::Null => None,
            Json::Text(text) => self.accept(name, parse(&text)),
            _ => self.refuse(name, NOT_TEXT),
        }
    }

    /// Takes a field of base64url bytes that must be there.
    pub(crate) fn bytes<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&[u8]) -> Result<T, Invalid>,
    ) -> Option<T> {
        self.text(name, |text| {
            let bytes = Zeroizing::new(from_base64url(text).ok_or(NOT_BASE64URL)?);
            parse(&bytes)
        })
    }

    /// Takes a field of base64url bytes that may be left out or null.
    pub(crate) fn optional_bytes<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&[u8]) -> Result<T, Invalid>,
    ) -> Option<T> {
        self.optional_text(name, |text| {
            let bytes = Zeroizing::new(from_base64url(text).ok_or(NOT_BASE64URL)?);
            parse(&bytes)
        })
    }

    /// Takes a whole number that must be there.
    pub(crate) fn number(&mut self, name: &str) -> Option<u32> {
        match self.take(name)? {
            Json::Null => self.refuse(name, REQUIRED),
            Json::Unsigned(number) => self.accept(name, u32::try_from(number).map_err(|_| NOT_A_NUMBER)),
            _ => self.refuse(name, NOT_A_NUMBER),
        }
    }

    /// Takes a whole number that may be left out or null.
    pub(crate) fn optional_number(&mut self, name: &str) -> Option<u32> {
        match self.take(name)? {
            Json::Null => None,
            Json::Unsigned(number) => self.accept(name, u32::try_from(number).map_err(|_| NOT_A_NUMBER)),
            _ => self.refuse(name, NOT_A_NUMBER),
        }
    }

    /// Takes a whole number that must be there and may be large, such as a size in bytes.
    pub(crate) fn large_number(&mut self, name: &str) -> Option<u64> {
        match self.take(name)? {
            Json::Null => self.refuse(name, REQUIRED),
            Json::Unsigned(number) => Some(number),
            _ => self.refuse(name, NOT_A_LARGE_NUMBER),
        }
    }

    /// Takes an object that must be there, through `read`, which takes its fields; whatever it leaves is an error.
    pub(crate) fn object<T>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        match self.take(name)? {
            Json::Null => self.refuse(name, REQUIRED),
            Json::Object(members) => {
                let mut inner = Self::of(self.pointer_to(name), members);
                let value = read(&mut inner);
                inner.refuse_leftovers();
                let whole = inner.errors.is_empty();
                self.errors.append(&mut inner.errors);
                value.filter(|_| whole)
            }
            _ => self.refuse(name, NOT_AN_OBJECT),
        }
    }

    /// Notes what a rule over several fields found, under the field it is best mended at.
    pub(crate) fn accept<T>(&mut self, name: &str, parsed: Result<T, Invalid>) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(invalid) => self.refuse(name, invalid),
        }
    }

    /// Whether nothing has been wrong so far.
    pub(crate) const fn has_no_errors(&self) -> bool {
        self.errors.is_empty()
    }

    /// Ends the reading: what was read, if nothing at all was wrong.
    ///
    /// # Errors
    /// A [`Problem`] that lists every field that was.
    pub(crate) fn finish<T>(mut self, value: Option<T>) -> Result<T, Problem> {
        self.refuse_leftovers();
        self.errors.truncate(ERRORS_MAX);
        match value {
            Some(value) if self.errors.is_empty() => Ok(value),
            _ => Err(Problem::invalid_fields(self.errors)),
        }
    }

    /// The member with this name; null when it is not there. A member that stands twice is refused: readers disagree
    /// on which of them counts (RFC 8259, section 4).
    fn take(&mut self, name: &str) -> Option<Json> {
        let mut found = self.members.extract_if(.., |(key, _)| key == name);
        let first = found.next();
        let is_doubled = found.next().is_some();
        drop(found);
        self.members.retain(|(key, _)| key != name);
        if is_doubled {
            return self.refuse(name, DUPLICATE);
        }
        Some(first.map_or(Json::Null, |(_, value)| value))
    }

    fn refuse_leftovers(&mut self) {
        for (name, _) in std::mem::take(&mut self.members).into_iter().take(ERRORS_MAX) {
            let shown: String = name.chars().take(NAME_MAX).collect();
            self.refuse::<()>(&shown, UNKNOWN);
        }
    }

    fn refuse<T>(&mut self, name: &str, invalid: Invalid) -> Option<T> {
        let pointer = self.pointer_to(name);
        self.errors.push(FieldError {
            pointer,
            code: invalid.code(),
            detail: format!("{name} {}", invalid.rule()),
        });
        None
    }

    fn pointer_to(&self, name: &str) -> String {
        format!("{}/{}", self.pointer, name.replace('~', "~0").replace('/', "~1"))
    }
}

fn malformed(detail: String) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "malformed_json", "Malformed JSON", detail)
}
