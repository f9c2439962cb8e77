//! What a process uses, as the operator sees it in `/proc`: memory and processor time. It knows the
//! process by its number only, so whoever asks must know that it still is the one they mean.
//! Linux only.

use std::{io, time::Duration};

use procfs::{
    WithCurrentSystemInfo,
    process::{Process, Task},
};

/// A process to measure.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    pid: i32,
}

impl Usage {
    /// Of the process with this number.
    pub fn of(pid: i32) -> Self {
        Self { pid }
    }

    /// The memory it has in use (RSS), in bytes.
    ///
    /// # Errors
    /// When it has ended already. The same goes for the other measures.
    pub fn memory(self) -> io::Result<u64> {
        Ok(self.process()?.stat().map_err(io::Error::other)?.rss_bytes().get())
    }

    /// The processor time it has used so far, in user and system mode, to 10 ms.
    ///
    /// # Errors
    /// As [`Usage::memory`].
    pub fn processor_time(self) -> io::Result<Duration> {
        let stat = self.process()?.stat().map_err(io::Error::other)?;
        let ticks = (stat.utime + stat.stime) as f64;
        Ok(Duration::from_secs_f64(ticks / procfs::ticks_per_second() as f64))
    }

    /// The same, of the threads that it has now, to the microsecond.
    ///
    /// # Errors
    /// As [`Usage::memory`].
    pub fn threads_time(self) -> io::Result<Duration> {
        let of_thread = |task: procfs::ProcResult<Task>| task?.schedstat().map(|stat| stat.sum_exec_runtime);
        let tasks = self.process()?.tasks().map_err(io::Error::other)?;
        let nanoseconds: Result<u64, _> = tasks.map(of_thread).sum();
        nanoseconds.map(Duration::from_nanos).map_err(io::Error::other)
    }

    /// How many file descriptors it has open.
    ///
    /// # Errors
    /// As [`Usage::memory`].
    pub fn open_files(self) -> io::Result<usize> {
        self.process()?.fd_count().map_err(io::Error::other)
    }

    fn process(self) -> io::Result<Process> {
        Process::new(self.pid).map_err(io::Error::other)
    }
}
