//! Giving the room to others.

/// The button.
pub const SHARE: &str = "هم‌رسانی";
/// Heading of the dialog.
pub const TITLE: &str = "دعوت به این اتاق";
/// Label of the address.
pub const LINK: &str = "پیوند اتاق";
/// Copies the address.
pub const COPY: &str = "کپی";
/// It was copied.
pub const COPIED: &str = "کپی شد";
/// The browser did not let the page copy; the address is selected.
pub const COPY_BY_HAND: &str = "مرورگر اجازه‌ی کپی نداد؛ پیوند انتخاب شده است، خودتان آن را کپی کنید.";
/// Shows the code as large as the screen, for a class.
pub const PROJECT: &str = "کد تمام‌صفحه";
/// Hands the address to another app, on phones.
pub const SEND: &str = "فرستادن با برنامه‌ای دیگر";
/// Below the QR code.
pub const SCAN: &str = "با دوربین گوشی بخوانید";
/// Text alternative of the QR code.
pub const QR_ALT: &str = "کد QR پیوند اتاق";
