//! The start page: a name, a room, and in.

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
