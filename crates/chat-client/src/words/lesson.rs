//! The five steps of the lesson, in words.

/// A step, as the room's page has it; the rest is told by the server ([`WHATS`], [`CODES`]).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// What it is called.
    pub name: &'static str,
    /// What the X-ray shows of it, as the door to it has it (`chat_ui::lab::WANTED`).
    pub wire: &'static str,
}

/// Heading above the steps.
pub const TITLE: &str = "پنج گام هر گفت‌وگو";
/// The way to a step's code.
pub const CODE: &str = "در کد";

/// Open, join, say, broadcast, close.
pub const STEPS: [Step; 5] = [
    Step { name: "باز کردن اتصال", wire: "handshake" },
    Step { name: "ورود به اتاق", wire: "join" },
    Step { name: "فرستادن پیام", wire: "say" },
    Step { name: "پخش پیام", wire: "said" },
    Step { name: "بستن اتصال", wire: "close" },
];

/// What happens in each of them, in one sentence. The room's program does not carry it, nor the next.
pub const WHATS: [&str; 5] = [
    "مرورگر با یک درخواست HTTP شروع می‌کند و سرور همان اتصال را به WebSocket ارتقا می‌دهد.",
    "نام خود را می‌گویید و سرور شما را در فهرست اتاق می‌گذارد.",
    "پیام شما در یک فریم (قاب) روی همان اتصال باز به سرور می‌رسد.",
    "سرور همان بایت‌ها را پشت‌سرهم روی اتصال همه، خود شما هم، می‌نویسد؛ پخش در لایه‌ی کاربرد است، نه broadcast شبکه.",
    "یکی از دو طرف خداحافظی می‌کند و نامتان از فهرست اتاق برداشته می‌شود.",
];

/// Where each is in the server's code: a page of it, and the line that browsers scroll to.
pub const CODES: [&str; 5] = [
    "/source/upgrade.rs#:~:text=fn%20upgrade",
    "/source/connection.rs#:~:text=fn%20join",
    "/source/connection.rs#:~:text=fn%20send_command",
    "/source/fanout.rs#:~:text=fn%20broadcast",
    "/source/connection.rs#:~:text=fn%20close",
];
