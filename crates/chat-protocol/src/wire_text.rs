//! The shape every validated piece of text on the wire shares: cheap to clone, built only by its
//! `parse`, written as the bare string, read back through the same rule.

/// Gives a `struct Name(Arc<str>)` everything but its rule. The type supplies
/// `fn parse(&str) -> Result<Self, Invalid>` beside it; the rest is for the JSON Schema: the bounds
/// on its characters, a pattern for as much of the rule as every regex dialect can say (Python has
/// no `\p{…}`), and the rule in words.
macro_rules! wire_text {
    ($type:ident, $min:literal..=$max:expr, $pattern:expr, $rule:expr) => {
        impl $type {
            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::Invalid;

            fn from_str(raw: &str) -> Result<Self, Self::Err> {
                Self::parse(raw)
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let raw = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
                Self::parse(&raw).map_err(serde::de::Error::custom)
            }
        }

        impl $crate::json::Read for $type {
            fn read(json: &impl $crate::json::Json) -> Result<Self, $crate::Invalid> {
                Self::parse(&String::read(json)?)
            }
        }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "string",
                    "minLength": $min,
                    "maxLength": $max,
                    "pattern": $pattern,
                    "description": $rule,
                })
            }
        }
    };
}

pub(crate) use wire_text;
