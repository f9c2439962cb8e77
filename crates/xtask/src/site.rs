//! The site: every file that is served as it is, in the folder that the server embeds. The clients,
//! their styles and the assets are put together, and what compresses is compressed once, here, as
//! hard as it can be (`X.br`, `X.gz` beside `X`), so that the server never compresses anything.
//! A file is written only when its bytes change and removed when nothing makes it any more, so
//! that a build with nothing new leaves the folder, and with it the server, untouched.

use std::{
    collections::BTreeMap,
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use brotli::enc::BrotliEncoderParams;
use flate2::{Compression, read::GzDecoder, write::GzEncoder};

use crate::{
    metadata::Workspace,
    steps::{Outcome, Step},
    style,
};

pub(crate) const STEP: Step = Step {
    name: "site",
    why: "put clients, styles and assets together and compress them (brotli 11, gzip 9)",
    browser: false,
    run: |context| {
        let files = gather(&context.workspace)?;
        let changes = write(&context.workspace.site(), &files)?;
        Ok(Outcome::done(match changes {
            0 => format!("unchanged, {} files", files.len()),
            n => format!("{} files, {n} changes on disk", files.len()),
        }))
    },
};

/// Style sheets that a room can be without at first, each a file of its own in `style/`, which the document
/// links where, or for the medium that, it is meant for.
const LATE_STYLES: [&str; 10] = [
    "class-strip.css",
    "class.css",
    "classic.css",
    "dialog.css",
    "forced.css",
    "home.css",
    "large.css",
    "print.css",
    "room-late.css",
    "slides.css",
];

/// Files by their path within the site.
type Files = BTreeMap<PathBuf, Vec<u8>>;

fn gather(workspace: &Workspace) -> Result<Files> {
    let mut files = Files::new();
    add_folder(&mut files, &workspace.assets(), Path::new(""))?;
    let browsers = style::browsers(workspace.browsers())?;
    for client in workspace.clients() {
        add_folder(&mut files, &workspace.bindings(&client).join("pkg"), workspace.package())?;
        let sheet = workspace.package().join(client.name).with_extension("css");
        files.insert(sheet, style::bundle(&client.style, browsers)?.into_bytes());
    }
    for late in LATE_STYLES {
        let sheet = workspace.package().join(late);
        files.insert(sheet, style::bundle(&workspace.root.join("style").join(late), browsers)?.into_bytes());
    }
    Ok(files)
}

fn add_folder(files: &mut Files, folder: &Path, place: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let entry = entry?;
        let place = place.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            add_folder(files, &entry.path(), &place)?;
        } else if entry.file_name() != "README.md" {
            // A README beside assets is for who works on them.
            files.insert(place, fs::read(entry.path())?);
        }
    }
    Ok(())
}

/// Makes the folder hold these files, their compressed forms, and nothing else. Returns how many
/// files were written or removed.
fn write(site: &Path, files: &Files) -> Result<usize> {
    let mut changes = 0;
    let mut wanted = Vec::new();
    for (place, bytes) in files {
        let path = site.join(place);
        if !fs::read(&path).is_ok_and(|kept| kept == *bytes) {
            fs::create_dir_all(path.parent().unwrap_or(site))?;
            fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
            changes += 1;
        }
        wanted.push(path.clone());
        if !compresses(place) {
            continue;
        }
        for encoding in ENCODINGS {
            let path = encoding.path(&path);
            if !encoding.holds(&path, bytes) {
                fs::write(&path, (encoding.compress)(bytes)?)?;
                changes += 1;
            }
            wanted.push(path);
        }
    }
    Ok(changes + remove_others(site, &wanted)?)
}

fn remove_others(folder: &Path, wanted: &[PathBuf]) -> Result<usize> {
    let mut removed = 0;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            removed += remove_others(&path, wanted)?;
        } else if !wanted.contains(&path) {
            fs::remove_file(&path)?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// Whether compressing a file is worth while. Fonts (woff2) and PNG are compressed already.
fn compresses(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("css" | "html" | "ico" | "js" | "json" | "svg" | "txt" | "wasm" | "webmanifest"))
}

/// A content coding of HTTP, as a file beside the file.
pub(crate) struct Encoding {
    /// What is added to the name.
    extension: &'static str,
    pub(crate) compress: fn(&[u8]) -> Result<Vec<u8>>,
    decompress: fn(&[u8]) -> std::io::Result<Vec<u8>>,
}

/// Browsers offer it on HTTPS and localhost only.
pub(crate) const BROTLI: Encoding = Encoding {
    extension: "br",
    compress: |bytes| {
        let params = BrotliEncoderParams { quality: 11, size_hint: bytes.len(), ..Default::default() };
        let mut compressed = Vec::new();
        brotli::BrotliCompress(&mut &bytes[..], &mut compressed, &params)?;
        Ok(compressed)
    },
    decompress: |compressed| {
        let mut bytes = Vec::new();
        brotli::BrotliDecompress(&mut &compressed[..], &mut bytes)?;
        Ok(bytes)
    },
};

/// What a phone gets over plain HTTP.
pub(crate) const GZIP: Encoding = Encoding {
    extension: "gz",
    compress: |bytes| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes)?;
        Ok(encoder.finish()?)
    },
    decompress: |compressed| {
        let mut bytes = Vec::new();
        GzDecoder::new(compressed).read_to_end(&mut bytes)?;
        Ok(bytes)
    },
};

const ENCODINGS: [Encoding; 2] = [BROTLI, GZIP];

impl Encoding {
    /// `otagh.js` is `otagh.js.br` in brotli.
    pub(crate) fn path(&self, path: &Path) -> PathBuf {
        let mut name = path.as_os_str().to_owned();
        name.push(".");
        name.push(self.extension);
        name.into()
    }

    /// Whether the file is these bytes, compressed. Decompressing is quick where compressing is
    /// not, and cannot be fooled by times as comparing dates can.
    fn holds(&self, path: &Path, bytes: &[u8]) -> bool {
        fs::read(path).is_ok_and(|kept| (self.decompress)(&kept).is_ok_and(|kept| kept == bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(of: &[(&str, &str)]) -> Files {
        of.iter().map(|(path, text)| (PathBuf::from(path), text.as_bytes().to_vec())).collect()
    }

    #[test]
    fn nothing_changed_writes_nothing() {
        let site = tempfile::tempdir().expect("a folder");
        let files = files(&[("pkg/a.js", "export {}"), ("a.woff2", "packed")]);
        // a.js, a.js.br, a.js.gz, a.woff2
        assert_eq!(write(site.path(), &files).expect("writes"), 4);
        assert_eq!(write(site.path(), &files).expect("writes"), 0);
    }

    #[test]
    fn a_changed_file_is_compressed_anew() {
        let site = tempfile::tempdir().expect("a folder");
        write(site.path(), &files(&[("a.css", "a{}")])).expect("writes");
        assert_eq!(write(site.path(), &files(&[("a.css", "b{}")])).expect("writes"), 3);
        let path = site.path().join("a.css");
        for encoding in ENCODINGS {
            assert!(encoding.holds(&encoding.path(&path), b"b{}"));
        }
    }

    #[test]
    fn stale_files_of_other_tools_are_replaced() {
        let site = tempfile::tempdir().expect("a folder");
        let wanted = files(&[("pkg/a.css", "a{}")]);
        write(site.path(), &wanted).expect("writes");
        fs::write(site.path().join("pkg/a.css.br"), "stale").expect("written");
        fs::write(site.path().join("pkg/old.js"), "gone").expect("written");
        assert_eq!(write(site.path(), &wanted).expect("writes"), 2);
        assert!(!site.path().join("pkg/old.js").exists());
        assert!(BROTLI.holds(&site.path().join("pkg/a.css.br"), b"a{}"));
    }

    #[test]
    fn font_is_served_with_its_licence() {
        let workspace = Workspace::read().expect("cargo metadata");
        let mut assets = Files::new();
        add_folder(&mut assets, &workspace.assets(), Path::new("")).expect("reads");
        let licence = assets.get(Path::new("fonts/OFL.txt")).expect("assets/fonts/OFL.txt");
        assert!(String::from_utf8_lossy(licence).contains("SIL OPEN FONT LICENSE Version 1.1"));
        let font = assets.get(Path::new("fonts/vazirmatn.woff2")).expect("assets/fonts/vazirmatn.woff2");
        assert!(font.starts_with(b"wOF2"));
    }
}
