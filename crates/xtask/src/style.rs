//! A style sheet: `style/main.css`, or another, with everything it imports, as one minified file. Lightning
//! CSS is given no browser list, so it rewrites nothing for old browsers; what is written in
//! `style/` is what the browser sees. cargo-leptos does the same with the same library.

use std::path::Path;

use anyhow::{Result, anyhow};
use lightningcss::{
    bundler::{Bundler, FileProvider},
    error::ErrorLocation,
    stylesheet::{MinifyOptions, ParserOptions, PrinterOptions},
};

/// Bundles and minifies.
///
/// # Errors
/// When a file is missing or is not CSS: its path, line and column.
pub(crate) fn bundle(main: &Path) -> Result<String> {
    // Their errors borrow the source they tell of, so they are put in words here.
    let files = FileProvider::new();
    let mut sheet = Bundler::new(&files, None, ParserOptions::default()).bundle(main).map_err(|error| {
        let (what, place) = (error.kind, error.loc);
        match place {
            // They count lines from 0 and columns from 1.
            Some(ErrorLocation { filename, line, column }) => {
                anyhow!("{filename}:{}:{column}: {what}", line + 1)
            }
            None => anyhow!("{}: {what}", main.display()),
        }
    })?;
    sheet.minify(MinifyOptions::default()).map_err(|error| anyhow!("{}: {error}", main.display()))?;
    let printed = sheet.to_css(PrinterOptions { minify: true, ..PrinterOptions::default() })?;
    Ok(printed.code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_become_part_of_one_small_file_in_their_order() {
        let folder = tempfile::tempdir().expect("a folder");
        let main = folder.path().join("main.css");
        std::fs::write(&main, "@import \"tokens.css\";\nb { color: red; }\n").expect("written");
        std::fs::write(folder.path().join("tokens.css"), "a { margin-inline-start: 0px }").expect("written");
        assert_eq!(bundle(&main).expect("bundles"), "a{margin-inline-start:0}b{color:red}");
    }

    #[test]
    fn a_mistake_is_told_with_its_file_and_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let main = folder.path().join("main.css");
        std::fs::write(&main, "a { color: red; }\n} b {").expect("written");
        let error = bundle(&main).expect_err("not CSS").to_string();
        assert!(error.contains("main.css:2:1: "), "{error}");
    }

    #[test]
    fn a_missing_import_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let main = folder.path().join("main.css");
        std::fs::write(&main, "@import \"gone.css\";").expect("written");
        let error = bundle(&main).expect_err("not there").to_string();
        assert!(error.contains("main.css"), "{error}");
    }
}
