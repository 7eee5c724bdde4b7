//! Room that contents leave on their disk: the database lies beside them, and on a disk without room nobody could sign in,
//! fetch a file, or remove one to make room.

use rustix::fs::{StatVfs, fstatvfs};
use std::fs::File;
use std::io::{self, ErrorKind};

/// What is left, at the most.
const LEFT_BYTES_MAX: u64 = 64 * 1_024 * 1_024;
/// On a small disk, one part in so many is left.
const LEFT_PART: u64 = 4;

/// Whether `len` bytes more may go onto the disk of this file.
///
/// # Errors
/// [`ErrorKind::StorageFull`] when they may not, or the system's error.
pub(super) fn check(file: &File, len: usize) -> io::Result<()> {
    let len = u64::try_from(len).unwrap_or(u64::MAX);
    if has_room(&fstatvfs(file)?, len) { Ok(()) } else { Err(ErrorKind::StorageFull.into()) }
}

fn has_room(disk: &StatVfs, len: u64) -> bool {
    let size_bytes = disk.f_blocks.saturating_mul(disk.f_frsize);
    let available_bytes = disk.f_bavail.saturating_mul(disk.f_frsize);
    let left_bytes = (size_bytes / LEFT_PART).min(LEFT_BYTES_MAX);
    // A file system that tells no size tells by its own error when it is full.
    size_bytes == 0 || available_bytes >= left_bytes.saturating_add(len)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1_024 * 1_024;

    fn disk(size_bytes: u64, available_bytes: u64) -> StatVfs {
        let mut disk = fstatvfs(File::open("/").unwrap()).unwrap();
        disk.f_frsize = 4_096;
        disk.f_blocks = size_bytes / 4_096;
        disk.f_bavail = available_bytes / 4_096;
        disk
    }

    #[test]
    fn a_part_of_a_small_disk_is_left() {
        assert!(has_room(&disk(16 * MIB, 5 * MIB), MIB));
        assert!(!has_room(&disk(16 * MIB, 5 * MIB), MIB + 1));
        assert!(!has_room(&disk(16 * MIB, 0), 1));
    }

    #[test]
    fn a_large_disk_is_used_almost_to_its_end() {
        let size_bytes = 1_024 * 1_024 * MIB;
        assert!(has_room(&disk(size_bytes, 65 * MIB), MIB));
        assert!(!has_room(&disk(size_bytes, 65 * MIB), MIB + 1));
    }

    #[test]
    fn a_file_system_that_tells_no_size_is_tried() {
        assert!(has_room(&disk(0, 0), 1));
    }
}
