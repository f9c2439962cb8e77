//! The room as the web was before JavaScript.

/// Title of the classic page.
pub const TITLE: &str = "اتاق به شیوه‌ی کلاسیک:";
/// What it is.
pub const INTRO: &str = "این صفحه جاوااسکریپت ندارد: یک فرم است و هر بار از نو می‌آید. پیام دیگران را تا صفحه را تازه نکنید نمی‌بینید.";
/// Nothing was said yet.
pub const EMPTY: &str = "از وقتی آمده‌اید چیزی گفته نشده است.";
/// Go in.
pub const ENTER: &str = "ورود";
/// One's name.
pub const YOUR_NAME: &str = "نام شما";
/// What to say.
pub const TEXT: &str = "پیام";
/// Say it.
pub const SAY: &str = "ارسال";
/// Load the page anew.
pub const REFRESH: &str = "تازه‌سازی";
/// The same room by WebSocket.
pub const LIVE: &str = "همین اتاق با WebSocket";
