//! Nothing is generated here. With the pages, the binary holds the site's files, and cargo must
//! know that a new or changed one makes a new binary.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_FEATURE_PAGES").is_some() {
        println!("cargo:rerun-if-changed=../../target/site");
    }
}
