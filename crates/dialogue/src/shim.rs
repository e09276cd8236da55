//! Temporary.
pub(crate) fn understand(
    _text: &str,
    _now: chrono::DateTime<chrono_tz::Tz>,
) -> language::Understanding {
    language::Understanding {
        category: language::Category::Other,
        commands: vec![],
        dates: vec![],
    }
}
