//! Who meets in one room: spellings that a reader takes for the same word lead to the same one, and
//! different words do not.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashMap;

use chat_protocol::{RoomId, RoomKey, typed};
use proptest::{collection::vec, prelude::*, sample::select};

fn key(raw: &str) -> RoomKey {
    RoomKey::of(&typed::room(raw, &[]).unwrap_or_else(|flaw| panic!("{raw:?}: {flaw}")))
}

#[test]
fn spellings_of_one_room_are_one_room() {
    for spellings in [
        &["هم‌کلاسی", "همکلاسی", "هم کلاسی", "هم  کلاسی", "هم-کلاسی", "هم--کلاسی", "هم\u{A0}کلاسی", "هم_کلاسی"][..],
        &["کلاس", "كلاس", "کـــلاس", "کَلاس", "کلاس.", "کلاس،", "«کلاس»", "(کلاس)", "کلاس!", "کلاس؟", "کلاس:", "🌟کلاس"],
        &["کلاس ۱", "کلاس ١", "کلاس 1", "کلاس-۱", "کلاس۱", "کلاس１", "کلاس ①", "کلاس_1", "کلاس ۱\u{FE0F}\u{20E3}"],
        &["علی", "علي", "على", "ﻋﻠﯽ", "عَلی"],
        &["آبی", "\u{627}\u{653}بی", "ابی"],
        &["خانه", "خانۀ", "خانهٔ"],
        &[
            "math class",
            "Math-Class",
            "MATH CLASS",
            "MathClass",
            "ｍａｔｈ class",
            "math.class",
            "𝓂ath class",
        ],
        &["café", "cafe\u{301}", "CAFÉ", "cafe"],
        &["МАТЕМАТИКА", "математика"],
        &["class", "сlass", "Сlass", "clаsѕ", "CLАSS", "c-l-а-s-s"],
        &["admin", "admiп", "adмin", "АdMiN", "аDМІN"],
        &["отдел IT", "отделIT", "отдел_it"],
        &["ΟΔΟΣ", "οδος", "οδός", "ΟΔΌΣ"],
        &["STRASSE", "straße", "Straße"],
        &["İzmir", "izmir", "IZMIR"],
        &["የመማሪያ-ክፍል", "የመማሪያ ክፍል"],
        &["v1.2", "V۱.۲", "v ۱.۲"],
        &["2026-11-26", "۲۰۲۶-۱۱-۲۶", "2026_11_26", "2026 11 26"],
    ] {
        for other in spellings {
            assert_eq!(key(spellings[0]), key(other), "{} / {other}", spellings[0]);
            assert_eq!(key(other).id().as_ref().map(RoomKey::of), Ok(key(other)), "{other}");
        }
    }
}

#[test]
fn different_words_are_different_rooms() {
    for rooms in [
        &["class1", "classl", "classI1", "class", "class11", "class2"][..],
        &["کتاب", "کتب", "کتابی", "مکتب"],
        &["شیر", "سیر", "پیر", "تیر", "ثیر"],
        &["حیات", "حیاط"],
        &["پریا", "ثریا"],
        &["کلاس-۱-۱۲", "کلاس-۱۱-۲", "کلاس-۱۱۲"],
        &["v1.2", "v12", "v1-2"],
        &["мой", "мои"],
        &["กิน", "กัน", "กน"],
        &["сосо", "coco"],
        &["группа", "группа-a", "группа-b"],
        &["o", "0"],
        &["ا", "1", "l"],
        &["ه", "ة"],
        &["が", "か"],
        &["한국", "항국"],
    ] {
        let mut seen = HashMap::new();
        for room in rooms {
            assert_eq!(seen.insert(key(room), room), None, "{room}");
        }
    }
}

#[test]
fn every_id_that_was_valid_is_still() {
    for id in ["class.", "a--b", "a.-_b", "باغ-آبی-42", "می‌روم", "class_", "1.", "مُحَمَّد"]
    {
        assert_eq!(RoomId::parse(id).unwrap().as_str(), id);
    }
    for (id, same) in [("class.", "class"), ("a--b", "a-b"), ("class_", "class"), ("1.", "1")] {
        assert_eq!(RoomKey::of(&id.parse().unwrap()), RoomKey::of(&same.parse().unwrap()));
    }
}

/// What a link, a sentence or a keyboard puts beside the letters.
fn notable() -> impl Strategy<Value = String> {
    let letters: Vec<char> = "aIلاکكیيآۀ۱1１ßΣςйİﷺﹰ½²①".chars().collect();
    let others: Vec<char> =
        "-_. /%r:#?،»\u{200C}\u{200D}\u{640}\u{64E}\u{653}\u{654}\u{301}\u{A0}\u{202A}\u{FE0F}\u{20E3}🙂"
            .chars()
            .collect();
    prop_oneof![
        4 => vec(prop_oneof![3 => select(letters), 2 => select(others)], 0..12).prop_map(String::from_iter),
        1 => vec(any::<char>(), 0..40).prop_map(String::from_iter),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn a_room_leads_to_itself(raw in notable()) {
        // The id as typed, as in its link, and as it stands in a sentence.
        if let Ok(room) = typed::room(&raw, &["here.ir"]) {
            let key = RoomKey::of(&room);
            prop_assert_eq!(&RoomId::parse(room.as_str()).unwrap(), &room);
            prop_assert_eq!(&typed::room(room.as_str(), &[]).unwrap(), &room);
            let link = format!("بیا https://here.ir/r/{room} منتظرم", room = room.as_str());
            prop_assert_eq!(&typed::room(&link, &["here.ir"]).unwrap(), &room);
            prop_assert!(!key.as_str().is_empty());
        }
        if let Ok(room) = RoomId::parse(&raw) {
            // By its old address it is still the same room.
            let read = typed::room_name(room.as_str());
            prop_assert_eq!(read.map(|read| RoomKey::of(&read)), Ok(RoomKey::of(&room)));
        }
    }

    #[test]
    fn folded_form_leads_to_same_room(raw in notable()) {
        if let Ok(room) = RoomId::parse(&raw) {
            let key = RoomKey::of(&room);
            if let Ok(folded) = key.id() {
                prop_assert_eq!(folded.as_str(), key.as_str());
                prop_assert_eq!(RoomKey::of(&folded), key);
                prop_assert_eq!(&typed::room_name(folded.as_str()).unwrap(), &folded);
            }
        }
    }

    #[test]
    fn typed_input_never_panics(raw in ".{0,200}", before in "(https?://)?[a-z.:]{0,9}/r/", after in ".{0,50}") {
        drop(typed::name(&raw));
        drop(typed::room(&raw, &[]));
        drop(typed::room(&(before + &raw + &after), &["a.b"]));
    }

    #[test]
    fn unseen_characters_make_no_other_room(at in 1_usize..9, unseen in select(vec!["\u{200C}", "\u{640}", "\u{64E}", "\u{651}", "-", "_", "--"])) {
        let letters: Vec<char> = "همکلاسیها".chars().collect();
        let longer: String = letters[..at].iter().copied().chain(unseen.chars()).chain(letters[at..].iter().copied()).collect();
        prop_assert_eq!(key(&longer), key("همکلاسیها"));
    }
}
