//! A style sheet: `style/main.css`, or another, with everything it imports, as one minified file.
//! Lightning CSS is told the oldest browsers that it is for (`browserquery` in `Cargo.toml`), so that
//! `style/` is written in today's CSS and they get it in their own: `light-dark()`, ranges in `@media`,
//! nesting, prefixes. What can only be known in the browser - `dvh`, `color-mix` of a variable - is
//! written twice in `style/`, the older form first. cargo-leptos does the same with the same library.

use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail};
use lightningcss::{
    bundler::{Bundler, FileProvider},
    error::ErrorLocation,
    stylesheet::{MinifyOptions, ParserOptions, PrinterOptions},
    targets::{Browsers, Targets},
};

/// Reads `chrome 96, safari 15.4`: of browserslist's language as much as names the oldest of each.
///
/// # Errors
/// When a browser is none that we ask for, or its version no number.
pub(crate) fn browsers(query: &str) -> Result<Browsers> {
    let mut browsers = Browsers::default();
    for oldest in query.split(',') {
        let (name, version) =
            oldest.trim().split_once(' ').with_context(|| format!("{oldest:?} is no browser and version"))?;
        let (major, minor) = version.split_once('.').unwrap_or((version, "0"));
        let number = |part: &str| part.parse::<u8>().with_context(|| format!("{oldest:?}: {part:?}"));
        let place = match name {
            "chrome" => &mut browsers.chrome,
            "edge" => &mut browsers.edge,
            "firefox" => &mut browsers.firefox,
            "safari" => &mut browsers.safari,
            "ios_saf" => &mut browsers.ios_saf,
            _ => bail!("{name:?} is no browser that the style is made for"),
        };
        *place = Some(u32::from(number(major)?) << 16 | u32::from(number(minor)?) << 8);
    }
    Ok(browsers)
}

/// Bundles, puts in the words of these browsers, and minifies.
///
/// # Errors
/// When a file is missing or is not CSS: its path, line and column.
pub(crate) fn bundle(main: &Path, browsers: Browsers) -> Result<String> {
    let targets = Targets::from(browsers);
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
    let small = MinifyOptions { targets, ..MinifyOptions::default() };
    sheet.minify(small).map_err(|error| anyhow!("{}: {error}", main.display()))?;
    let printed = sheet.to_css(PrinterOptions { minify: true, targets, ..PrinterOptions::default() })?;
    Ok(printed.code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::Workspace;

    fn bundle(main: &Path) -> Result<String> {
        super::bundle(main, Browsers::default())
    }

    #[test]
    fn imports_are_bundled_in_order() {
        let folder = tempfile::tempdir().expect("a folder");
        let main = folder.path().join("main.css");
        std::fs::write(&main, "@import \"tokens.css\";\nb { color: red; }\n").expect("written");
        std::fs::write(folder.path().join("tokens.css"), "a { margin-inline-start: 0px }").expect("written");
        assert_eq!(bundle(&main).expect("bundles"), "a{margin-inline-start:0}b{color:red}");
    }

    #[test]
    fn mistake_is_reported_with_file_and_line() {
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

    #[test]
    fn the_oldest_browsers_know_every_word() {
        let workspace = Workspace::read().expect("cargo metadata");
        let browsers = browsers(workspace.browsers()).expect("browserquery");
        for client in workspace.clients() {
            let css = super::bundle(&client.style, browsers).expect("bundles");
            // Whoever knows `@container` knows ranges.
            let mut parts = css.split("@container");
            let first = parts.next().map(|rules| ("", rules));
            let css: String = first
                .into_iter()
                .chain(parts.filter_map(|part| part.split_once('{')))
                .map(|(_, rules)| rules)
                .collect();
            // Chrome 96 reads none of these: the whole declaration, or all that it asks about, is lost.
            for word in ["light-dark(", "(width<", "(width>", "(height<", "(height>", "&"] {
                assert!(!css.contains(word), "{word} in {}", client.name);
            }
        }
    }

    #[test]
    fn a_browser_nobody_asked_for_is_named() {
        assert_eq!(browsers("chrome 96, ios_saf 15.4").expect("reads").ios_saf, Some(15 << 16 | 4 << 8));
        for (query, told) in [("netscape 4", "netscape"), ("chrome", "chrome"), ("chrome 1e9", "1e9")] {
            let error = format!("{:#}", browsers(query).expect_err("not ours"));
            assert!(error.contains(told), "{error}");
        }
    }
}
