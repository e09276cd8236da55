//! The pages of `docs/`, whose commands tests run.

use crate::root;

/// A page's text.
pub fn page(name: &str) -> String {
    let path = root().join("docs").join(name).with_extension("md");
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A page's fenced blocks of this language.
pub fn blocks(name: &str, language: &str) -> Vec<String> {
    let page = page(name);
    let opened = format!("\n```{language}\n");
    let blocks = page.split(&opened).skip(1);
    blocks
        .filter_map(|rest| rest.split("\n```").next())
        .map(str::to_owned)
        .collect()
}
