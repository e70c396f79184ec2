//! Whether a file can be a shared library at all.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// Refuses a file that the system's loader would not survive.
///
/// On Linux the loader maps an ELF file without comparing its headers with its size, so that a library whose
/// download broke off kills the process with a bus error. Other loaders check by themselves.
pub(crate) fn check_whole(path: &Path) -> Result<(), String> {
    let read = |error: std::io::Error| format!("it cannot be read ({error})");
    let mut file = File::open(path).map_err(read)?;
    let length = file.metadata().map_err(read)?.len();
    let mut header = [0; ELF_HEADER];
    match file.read_exact(&mut header) {
        Err(_) => return Err("it is too short to be a library".to_owned()),
        Ok(()) if !header.starts_with(b"\x7fELF") => {
            let elf_platform = cfg!(all(unix, not(target_vendor = "apple")));
            return if elf_platform { Err("it is not an ELF file".to_owned()) } else { Ok(()) };
        }
        Ok(()) => {}
    }
    if header[4..6] != [2, 1] {
        return Err("it is not a 64-bit little-endian ELF file".to_owned());
    }
    let broken_off = || "the file is incomplete; its download may have broken off".to_owned();
    let table = word(&header, 32);
    let (size, count) = (half(&header, 54), half(&header, 56));
    if size < PROGRAM_HEADER {
        return Err("its program headers are damaged".to_owned());
    }
    // The table of sections stands at the end of the file, so it is missing first.
    let sections = (half(&header, 58) * half(&header, 60)) as u64;
    if word(&header, 40).checked_add(sections).is_none_or(|end| end > length) {
        return Err(broken_off());
    }
    file.seek(SeekFrom::Start(table)).map_err(read)?;
    let mut entry = vec![0; size];
    for _ in 0..count {
        file.read_exact(&mut entry).map_err(|_| broken_off())?;
        let end = word(&entry, 8).checked_add(word(&entry, 32));
        if end.is_none_or(|end| end > length) {
            return Err(broken_off());
        }
    }
    Ok(())
}

/// The size of a 64-bit ELF file's header.
const ELF_HEADER: usize = 64;
/// The size of a program header in it.
const PROGRAM_HEADER: usize = 56;

fn word(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}

fn half(bytes: &[u8], at: usize) -> usize {
    usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_whole_file_passes_and_its_halves_do_not() {
        let program = std::env::current_exe().unwrap();
        assert_eq!(check_whole(&program), Ok(()));
        let bytes = std::fs::read(&program).unwrap();
        let folder = std::env::temp_dir();
        for (index, length) in
            [0, 63, 200, bytes.len() / 4, bytes.len() / 2].into_iter().enumerate()
        {
            let file = folder.join(format!("tachy-cut-{}-{index}.so", std::process::id()));
            std::fs::write(&file, &bytes[..length]).unwrap();
            assert!(check_whole(&file).is_err(), "{length} of {} bytes", bytes.len());
            std::fs::remove_file(file).unwrap();
        }
    }
}
