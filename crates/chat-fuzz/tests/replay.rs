//! The fuzz targets without a fuzzer: every seed, and some thousands of its mutations. It finds
//! less than libFuzzer, which sees where an input leads, but runs wherever tests do.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{collections::BTreeSet, fs, path::PathBuf};

use chat_fuzz::TARGETS;

/// Mutations of each target's seeds, altogether.
const MUTATIONS: u64 = 3_000;

fn fuzz() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

fn names_in(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(fuzz().join(folder)).unwrap();
    entries
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| !name.starts_with('.'))
        .collect()
}

/// In the order of their names, so that a failure comes again.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(fuzz().join("seeds").join(target)).unwrap();
    let files: BTreeSet<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    assert!(!files.is_empty(), "{target} has no seeds");
    files.into_iter().map(|file| fs::read(file).unwrap()).collect()
}

/// SplitMix64 (Steele, Lea and Flood 2014): enough to choose places and bytes.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % bound.max(1) as u64) as usize
    }

    /// One to eight small changes: a byte, a piece left out, said twice, or taken from another seed.
    fn mutate(&mut self, mut bytes: Vec<u8>, other: &[u8]) -> Vec<u8> {
        for _ in 0..=self.below(8) {
            let at = self.below(bytes.len() + 1);
            let end = (at + self.below(8)).min(bytes.len());
            match self.below(5) {
                0 => bytes.insert(at, self.below(256) as u8),
                1 => drop(bytes.drain(at..end)),
                2 => bytes.extend_from_within(at..end),
                3 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                _ => {
                    let from = self.below(other.len() + 1);
                    let to = (from + self.below(16)).min(other.len());
                    bytes.splice(at..end, other[from..to].iter().copied());
                }
            }
        }
        bytes
    }
}

#[test]
fn every_target_survives_seeds_and_mutations() {
    for target in TARGETS {
        let seeds = seeds(target.name);
        seeds.iter().for_each(|seed| (target.run)(seed));
        let mut dice = Dice(0);
        for _ in 0..MUTATIONS {
            let (one, other) = (dice.below(seeds.len()), dice.below(seeds.len()));
            let bytes = dice.mutate(seeds[one].clone(), &seeds[other]);
            let shown = String::from_utf8_lossy(&bytes).into_owned();
            let held = std::panic::catch_unwind(|| (target.run)(&bytes));
            assert!(held.is_ok(), "{}: {shown:?} ({bytes:02x?})", target.name);
        }
    }
}

#[test]
fn every_target_has_a_program_and_seeds() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(names_in("fuzz_targets"), targets);
    assert_eq!(names_in("seeds"), targets);
}
