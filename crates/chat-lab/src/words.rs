//! Words of more than one page of the lab.

/// What the notes behind ⓘ are.
#[cfg(any(feature = "browser", test))]
pub(crate) const ABOUT: &str = "درباره‌ی آن‌چه می‌بینید";

/// The stage: as large as the screen, for the back of a classroom; and back.
#[cfg(any(feature = "browser", test))]
pub(crate) const WIDEN: &str = "بزرگ‌نمایی";

/// The head of the page that is taken home.
#[cfg(feature = "ssr")]
pub(crate) mod taken_home {
    pub(crate) const TITLE: &str = "یک اتصال WebSocket زیر ذره‌بین";
    pub(crate) const ROOM: &str = "اتاق";
    pub(crate) const NAME: &str = "نام";
    pub(crate) const BEGAN: &str = "آغاز ضبط";
    pub(crate) const HOST: &str = "نشانی سرور";
    pub(crate) const ENDS: &str = "دو سر اتصال TCP";
    pub(crate) const VERSION: &str = "نسخه";
}
