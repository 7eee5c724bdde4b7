//! What a process uses: memory and time on the processor, as the system counts them.

use std::fs;

/// Resident memory of a process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    pub(crate) now_bytes: u64,
    /// The most there was since the start, or since [`forget_peak`].
    pub(crate) peak_bytes: u64,
}

/// How much memory a process has.
pub(crate) fn memory(process: u32) -> Memory {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1_024
    };
    Memory { now_bytes: field("VmRSS:"), peak_bytes: field("VmHWM:") }
}

/// Lets the peak begin at what there is now.
pub(crate) fn forget_peak(process: u32) {
    fs::write(format!("/proc/{process}/clear_refs"), "5").unwrap();
}

/// Time on a processor, of a process and of all threads that it ever had.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ProcessorTime {
    pub(crate) user_millis: u64,
    pub(crate) system_millis: u64,
}

/// How long a process has been on a processor, to ten milliseconds.
pub(crate) fn processor_time(process: u32) -> ProcessorTime {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // The name in parentheses may hold anything; the state follows it, as the third field.
    let fields: Vec<_> = text.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let millis = |index: usize| fields[index].parse::<u64>().unwrap() * 10;
    ProcessorTime { user_millis: millis(11), system_millis: millis(12) }
}
