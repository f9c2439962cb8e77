//! The start page: what all this is for, and three ways in.

use chat_ui::words;

/// What it is for.
pub const ABOUT: &str =
    "اتاقی برای حرف زدن، که دیوارهایش شیشه‌ای است: هر پیام را تا آخرین بیت، روی سیم و در کد هم می‌بینید.";

/// The first way in.
pub const TALK: &str = "همین حالا حرف بزنید";
/// The second.
pub const SEE: &str = "ببینید چطور کار می‌کند";
/// The third.
pub const CLASS: &str = "برای کلاس درس";

/// A place to go to: where, its name, and what one finds there.
pub type Door = (&'static str, &'static str, &'static str);

/// Where it is seen how it works. `assets/home.js` makes a room of the reader's own out of `class`.
pub const SEE_DOORS: [Door; 3] = [
    ("/r/class#xray", words::XRAY, "دست‌تکانی و فریم‌های اتصال خودتان، بیت به بیت، همان‌طور که رفت و آمد."),
    ("/ways/class", words::WAYS, "یک پیام، یک اتاق: HTTP، سرکشی، SSE و WebSocket با بایت‌ها و تأخیر هر کدام."),
    ("/workbench", words::WORKBENCH, "درخواست و فریم را خودتان بنویسید، درست یا غلط، و پاسخ سرور را ببینید."),
];

/// Opens a class: a `POST`, because it draws a room and a key. Where, its name, and what one finds there.
pub const OPEN_CLASS: Door = (
    "/class",
    "کلاس باز کنید",
    "پرده با کد QR، پانزده اسلاید زنده و رأی‌گیری؛ گوشی‌ها وارد می‌شوند و دنبالش می‌کنند.",
);

/// What else a class needs.
pub const CLASS_DOORS: [Door; 2] = [
    ("/slides", "پانزده اسلاید", "ارائه‌ی درس با شش تصویر؛ با کلیکر، روی کاغذ، یا جزوه با یادداشت مدرس."),
    ("/source/protocol.md", "پروتکل اتاق", "هر پیام JSON، هر کد بستن و یک گفت‌وگوی کامل (به انگلیسی)."),
];

/// The standard from which all of it comes: where, and its name.
pub const STANDARD: (&str, &str) = ("https://www.rfc-editor.org/rfc/rfc6455", "RFC 6455");

/// Label of the name field, here and where a name is asked for inside a room.
pub const NAME: &str = "نام شما";
/// Its example.
pub const NAME_EXAMPLE: &str = "مثلاً سارا";

/// Label of the room field.
pub const ROOM: &str = "نام اتاق";
/// Its example.
pub const ROOM_EXAMPLE: &str = "مثلاً باغ-آبی";
/// The button.
pub const ENTER: &str = "ورود به اتاق";
/// Fills the room field with a new room.
pub const RANDOM_ROOM: &str = "اتاق تصادفی";
/// Heading above the rooms one was in last.
pub const RECENT_ROOMS: &str = "اتاق‌های اخیر";

/// Forgets the name and the rooms that this browser remembers: for computers that many use.
pub const FORGET: &str = "فراموش‌کردن نام و اتاق‌ها";

/// Heading where a room asks who is coming.
pub const WHO: &str = "خوش آمدید! نامتان چیست؟";
