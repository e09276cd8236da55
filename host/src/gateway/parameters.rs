//! Values of headers with parameters: `value; name=value; name="quoted value", next value; …`.

/// One value and its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters {
    /// What comes before the first `;`.
    pub value: String,
    named: Vec<(String, String)>,
}

impl Parameters {
    /// The first parameter of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.named.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The text as one value, commas and all.
    pub fn one(text: &str) -> Self {
        let mut parts = split(text, ';').into_iter();
        let value = parts.next().unwrap_or_default().trim().to_owned();
        let named = parts.map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (name.trim().to_owned(), unquote(value.trim()))
        });
        Self {
            value,
            named: named.collect(),
        }
    }

    /// The values between the commas of the text.
    pub fn list(text: &str) -> Vec<Self> {
        split(text, ',').into_iter().map(Self::one).collect()
    }
}

/// The parts between `separator`s that stand neither in quotes nor in `<…>`.
fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut start) = (Vec::new(), 0);
    let (mut quoted, mut escaped, mut link) = (false, false, false);
    for (at, c) in text.char_indices() {
        if escaped {
            escaped = false;
        } else if quoted {
            escaped = c == '\\';
            quoted = c != '"';
        } else if c == '"' {
            quoted = true;
        } else if c == '<' || c == '>' {
            link = c == '<';
        } else if c == separator && !link {
            parts.push(&text[start..at]);
            start = at + separator.len_utf8();
        }
    }
    parts.push(&text[start..]);
    parts
}

fn unquote(text: &str) -> String {
    let Some(inner) = text.strip_prefix('"') else {
        return text.to_owned();
    };
    let inner = inner.strip_suffix('"').unwrap_or(inner);
    let (mut value, mut chars) = (String::new(), inner.chars());
    while let Some(c) = chars.next() {
        value.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    value
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_and_parameters_are_told_apart() {
        let list =
            Parameters::list(r#"a; prev-id=1, b;prev-id = "x, \"y\"; z" , <c?d,e;f>; rel=next"#);
        let values: Vec<&str> = list.iter().map(|it| it.value.as_str()).collect();
        assert_eq!(values, ["a", "b", "<c?d,e;f>"]);
        assert_eq!(list[0].get("prev-id"), Some("1"));
        assert_eq!(list[1].get("prev-id"), Some(r#"x, "y"; z"#));
        assert_eq!(list[2].get("rel"), Some("next"));
        assert_eq!(list[2].get("timeout"), None);
        assert_eq!(
            Parameters::one("grip; message-prefix=\"\"").get("message-prefix"),
            Some("")
        );
        assert_eq!(
            Parameters::one(r": a, b\n\n; format=cstring").value,
            r": a, b\n\n"
        );
    }

    proptest! {
        #[test]
        fn nothing_panics(text in r#"[a-c;,=<>" \\é]{0,40}"#) {
            let _ = Parameters::list(&text);
        }
    }
}
