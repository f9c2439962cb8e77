//! A JSON value as whoever parsed it hands it over, and how typed messages are read out of it. A
//! browser has a JSON parser of its own; reading through [`Json`] lets the page use that one, where
//! serde would bring a second parser and a copy of it for every type: a third of the download.
//! `Deserialize` says the same, and a test holds the two to it.

use crate::{ErrorCode, Invalid};

/// A parsed JSON value. Every question answers `None` when the value is of another kind.
pub trait Json: Sized {
    /// The value of this field. One that is absent and one that is `null` are the same.
    fn field(&self, name: &str) -> Option<Self>;
    /// The text of a string.
    fn text(&self) -> Option<String>;
    /// A whole number from 0 to 2^53 - 1.
    fn whole(&self) -> Option<u64>;
    /// True or false.
    fn truth(&self) -> Option<bool>;
    /// The elements of an array, in order.
    fn elements(&self) -> Option<Vec<Self>>;
}

/// What can be read out of a [`Json`] value.
pub trait Read: Sized {
    /// # Errors
    /// What was wrong with the value: of another kind, a field missing, a rule broken.
    fn read(json: &impl Json) -> Result<Self, Invalid>;
}

/// The field, which must be there.
///
/// # Errors
/// When it is not, or when it reads wrong.
pub fn required<T: Read>(json: &impl Json, name: &str) -> Result<T, Invalid> {
    match optional(json, name)? {
        Some(value) => Ok(value),
        None => Err(Invalid::new(ErrorCode::BadField, [name, ": missing"].concat())),
    }
}

/// The field, if it is there.
///
/// # Errors
/// When it reads wrong.
pub fn optional<T: Read>(json: &impl Json, name: &str) -> Result<Option<T>, Invalid> {
    json.field(name).map(|value| T::read(&value)).transpose()
}

/// Implements [`Read`] for structs, field by field and each by its own name. A field must be there, unless
/// it says what it is where it is not: `or None`, `or default`, or a value.
#[macro_export]
macro_rules! read_fields {
    (@ $json:ident $field:ident) => { $crate::json::required($json, stringify!($field))? };
    (@ $json:ident $field:ident None) => { $crate::json::optional($json, stringify!($field))? };
    (@ $json:ident $field:ident default) => {
        $crate::json::optional($json, stringify!($field))?.unwrap_or_default()
    };
    (@ $json:ident $field:ident $value:literal) => {
        $crate::json::optional($json, stringify!($field))?.unwrap_or($value)
    };
    ($($struct:ident { $($field:ident $(or $absent:tt)?),+ })+) => {$(
        impl $crate::json::Read for $struct {
            fn read(json: &impl $crate::json::Json) -> Result<Self, $crate::Invalid> {
                Ok(Self { $($field: $crate::read_fields!(@ json $field $($absent)?)),+ })
            }
        }
    )+};
}

fn of_kind<T>(value: Option<T>, kind: &str) -> Result<T, Invalid> {
    value.ok_or_else(|| Invalid::new(ErrorCode::BadField, ["must be ", kind].concat()))
}

impl Read for String {
    fn read(json: &impl Json) -> Result<Self, Invalid> {
        of_kind(json.text(), "a string")
    }
}

impl Read for u64 {
    fn read(json: &impl Json) -> Result<Self, Invalid> {
        of_kind(json.whole(), "a whole number")
    }
}

impl Read for u32 {
    fn read(json: &impl Json) -> Result<Self, Invalid> {
        of_kind(json.whole().and_then(|number| number.try_into().ok()), "a whole number below 2^32")
    }
}

impl Read for bool {
    fn read(json: &impl Json) -> Result<Self, Invalid> {
        of_kind(json.truth(), "true or false")
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(json: &impl Json) -> Result<Self, Invalid> {
        of_kind(json.elements(), "an array")?.iter().map(T::read).collect()
    }
}

impl Json for serde_json::Value {
    fn field(&self, name: &str) -> Option<Self> {
        self.get(name).filter(|value| !value.is_null()).cloned()
    }

    fn text(&self) -> Option<String> {
        self.as_str().map(String::from)
    }

    fn whole(&self) -> Option<u64> {
        self.as_u64().filter(|number| *number < 1 << 53)
    }

    fn truth(&self) -> Option<bool> {
        self.as_bool()
    }

    fn elements(&self) -> Option<Vec<Self>> {
        self.as_array().cloned()
    }
}
