//! The modules of a crate are layers, and each imports only those below it: read from the `crate::` paths
//! of every file, tests apart. What fails here says which line and what to do. The server's are held, and
//! those of the crates that pages are made of; in the rest a folder is small enough to be seen at a glance.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A crate, and its layers from the top down; those of one row are siblings, which do not know one another.
struct House {
    name: &'static str,
    layers: &'static [&'static [&'static str]],
    /// What `lib.rs` gives a shorter name, or a folder is written for all that is in it.
    short: &'static [(&'static str, &'static str)],
}

const SERVER: House = House {
    name: "chat-server",
    layers: &[
        &["main"],
        &["server", "logs"],
        &["router"],
        &["app"],
        &["config"],
        &["websocket", "polling", "lab::xray", "lab::echo", "banner", "demo", "ready"],
        &["pages"],
        &["rooms"],
        &["http"],
        &["net"],
        &["limits", "cores"],
    ],
    short: &[("App", "app"), ("Config", "config"), ("Server", "server"), ("lab::", "lab::xray")],
};

const CLIENT: House = House {
    name: "chat-client",
    layers: &[
        &["page"],
        &["view"],
        &["driver"],
        &["chat"],
        &["socket", "state", "profile", "person", "words"],
    ],
    short: &[],
};

const LAB: House = House {
    name: "chat-lab",
    layers: &[
        &["bin"],
        &["compare", "workbench"],
        &["xray"],
        &["page_shell", "pages", "slides"],
        &["about"],
        &["words", "cited", "printed"],
    ],
    short: &[("fill", "words")],
};

const UI: House = House {
    name: "chat-ui",
    layers: &[
        &["document"],
        &["live"],
        &["lab", "theme", "said", "rows"],
        &["dom", "bind", "icon"],
        &["browser", "prose", "sentence", "dates"],
        &["digits", "words"],
    ],
    short: &[("ROOT", "words")],
};

/// The place of the layer that a path into the crate belongs to, and its name.
fn layer(house: &House, path: &str) -> Option<(usize, &'static str)> {
    let path = house.short.iter().find(|(short, _)| *short == path).map_or(path, |(_, long)| *long);
    house.layers.iter().enumerate().find_map(|(rank, names)| {
        let is_it = |name: &&&str| path == **name || path.starts_with(&format!("{name}::"));
        names.iter().find(is_it).map(|name| (rank, *name))
    })
}

/// The paths behind each `crate::` in this source, with their lines. Of a group, each of its members.
fn imports(source: &str) -> Vec<(usize, String)> {
    let product = source.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let is_code = |line: &str| !line.trim_start().starts_with("//");
    let code: String =
        product.lines().map(|line| if is_code(line) { format!("{line}\n") } else { "\n".into() }).collect();
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let line = code[..at].matches('\n').count() + 1;
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            None => found.push((line, path_at(rest))),
            Some(group) => {
                let (mut depth, mut member) = (0, String::new());
                for (end, letter) in group.char_indices() {
                    match letter {
                        '{' => depth += 1,
                        '}' if depth == 0 => {
                            found.push((line + group[..end].matches('\n').count(), member.clone()));
                            break;
                        }
                        '}' => depth -= 1,
                        ',' if depth == 0 => {
                            let line = line + group[..end].matches('\n').count();
                            found.push((line, std::mem::take(&mut member)));
                        }
                        letter if depth == 0 && !letter.is_whitespace() => member.push(letter),
                        _ => {}
                    }
                }
            }
        }
    }
    found.retain(|(_, path)| !path.is_empty());
    found
}

fn path_at(code: &str) -> String {
    code.chars().take_while(|letter| letter.is_alphanumeric() || matches!(letter, ':' | '_')).collect()
}

/// What this file may not import, in words.
fn violations(house: &House, file: &str, source: &str) -> Vec<String> {
    let own = file.trim_end_matches(".rs").trim_end_matches("/mod").replace('/', "::");
    if own == "lib" || own == "lab" {
        return Vec::new();
    }
    let Some((own_rank, own_name)) = layer(house, &own) else {
        return vec![format!("{}/src/{file} belongs to no layer: name it in tests/layers.rs", house.name)];
    };
    let mut said = Vec::new();
    for (line, path) in imports(source) {
        let Some((rank, name)) = layer(house, &path) else {
            said.push(format!(
                "{}/src/{file}:{line} imports `{path}`, which belongs to no layer",
                house.name
            ));
            continue;
        };
        let why = match rank {
            _ if name == own_name => continue,
            rank if rank > own_rank => continue,
            rank if rank == own_rank => "beside",
            _ => "above",
        };
        said.push(format!(
            "{}/src/{file}:{line} imports `{path}`, which is {why} `{own_name}`: move what both need to a layer \
             below, or pass it in",
            house.name
        ));
    }
    said
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

#[test]
fn imports_point_down() {
    let mut said = Vec::new();
    for (house, count_min) in [(SERVER, 50), (CLIENT, 40), (LAB, 25), (UI, 25)] {
        let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(house.name).join("src");
        let mut found = Vec::new();
        files(&src, &mut found);
        assert!(found.len() > count_min, "the files of {} were read", house.name);
        for path in found.into_iter().filter(|path| path.extension().is_some_and(|end| end == "rs")) {
            let file = path.strip_prefix(&src).unwrap().to_str().unwrap().replace('\\', "/");
            said.extend(violations(&house, &file, &fs::read_to_string(&path).unwrap()));
        }
    }
    assert!(said.is_empty(), "\n{}", said.join("\n"));
}

#[test]
fn a_planted_arrow_is_found() {
    let up =
        violations(&SERVER, "net/outbox.rs", "use crate::{\n    limits::client_ip,\n    rooms::Rooms,\n};\n");
    let told = "chat-server/src/net/outbox.rs:3 imports `rooms::Rooms`, which is above `net`: move what both need to a \
                layer below, or pass it in";
    assert_eq!(up, [told]);
    assert_eq!(
        violations(&SERVER, "polling/mod.rs", "\nuse crate::websocket::io::Io;").len(),
        1,
        "a sibling"
    );
    assert_eq!(violations(&SERVER, "lab/echo/mod.rs", "let x = crate::lab::xray::Y;").len(), 1, "a sibling");
    assert_eq!(violations(&SERVER, "rooms/mod.rs", "use crate::{App, net::clock::Clock};").len(), 1);
    assert_eq!(
        violations(&SERVER, "http/site.rs", "use crate::Config;").len(),
        1,
        "options are read by app alone"
    );
    assert_eq!(violations(&SERVER, "elsewhere.rs", "").len(), 1);
    let allowed = "use crate::{net::{frame, queue::{Kind, Message}}, limits::x};\n// crate::app\n\
                   #[cfg(test)]\nmod tests {\n    use crate::App;\n}";
    assert_eq!(violations(&SERVER, "rooms/fanout.rs", allowed), [""; 0]);
}
