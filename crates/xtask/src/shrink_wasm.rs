//! What the download does not need, taken out after wasm-bindgen has bound it: names nobody reads, the
//! spaces and comments of the JavaScript. It knows what wasm-bindgen writes, and nothing of what the
//! page does.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use walrus::Module;

/// Gives everything imported from `module` a name of two or three letters. wasm-bindgen's own end
/// in a hash, which does not compress, and stand in both files. Returns the new name by the old.
pub(crate) fn with_short_names(wasm: &mut Module, module: &str) -> BTreeMap<String, String> {
    let imports = wasm.imports.iter_mut().filter(|import| import.module == module);
    imports
        .enumerate()
        .map(|(at, import)| {
            let short = format!("_{at:x}");
            (std::mem::replace(&mut import.name, short.clone()), short)
        })
        .collect()
}

/// The JavaScript with these names, and without its spaces and comments.
///
/// # Errors
/// When one of the names is not in it, or it cannot be read.
pub(crate) fn javascript(js: &str, names: &BTreeMap<String, String>) -> Result<String> {
    let mut js = js.to_owned();
    for (long, short) in names {
        // Each stands there once, as a property of what is imported.
        let at = js.find(&format!(" {long}:")).with_context(|| format!("no {long} in the JavaScript"))? + 1;
        js.replace_range(at..at + long.len(), short);
    }
    let small = minifier::js::minify(&js).map_err(anyhow::Error::msg).context("the JavaScript")?;
    Ok(small.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_import_names_match_in_both_files() {
        let mut wasm = Module::default();
        let nothing = wasm.types.add(&[], &[]);
        wasm.add_import_func("./otagh_bg.js", "__wbg_now_0123456789abcdef", nothing);
        wasm.add_import_func("elsewhere", "kept", nothing);
        let names = with_short_names(&mut wasm, "./otagh_bg.js");
        let imported: Vec<&str> = wasm.imports.iter().map(|import| import.name.as_str()).collect();
        assert_eq!(imported, ["_0", "kept"]);

        let js = "const import0 = {\n    // The clock.\n    __wbg_now_0123456789abcdef: function() {}\n};";
        let small = javascript(js, &names).unwrap();
        assert!(small.contains("_0:function(){}"), "{small}");
        assert!(!small.contains("clock"), "{small}");
        assert!(javascript("const import0 = {};", &names).is_err());
    }
}
