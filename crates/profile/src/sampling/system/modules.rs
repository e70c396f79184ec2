//! The unwind tables of the program and its libraries, where they lie in memory.

use std::ffi::CStr;

use framehop::{ExplicitModuleSectionInfo, Module};

/// A module whose tables lie in this process's memory.
pub(super) type LoadedModule = Module<&'static [u8]>;

/// The program and the libraries that are loaded now, as far as they have unwind tables with an index.
pub(super) fn loaded() -> Vec<LoadedModule> {
    let mut modules: Vec<LoadedModule> = Vec::new();
    // SAFETY: the callback gets back the pointer to the list, which outlives the call.
    unsafe { libc::dl_iterate_phdr(Some(visit), std::ptr::from_mut(&mut modules).cast()) };
    modules
}

unsafe extern "C" fn visit(
    info: *mut libc::dl_phdr_info,
    _size: libc::size_t,
    modules: *mut libc::c_void,
) -> libc::c_int {
    // SAFETY: the loader gives a valid description, and `modules` is the list that `loaded` gave.
    let (info, modules) = unsafe { (&*info, &mut *modules.cast::<Vec<LoadedModule>>()) };
    // SAFETY: the loader says how many headers there are.
    let headers = unsafe { std::slice::from_raw_parts(info.dlpi_phdr, info.dlpi_phnum.into()) };
    modules.extend(module(info, headers));
    0
}

fn module(info: &libc::dl_phdr_info, headers: &[libc::Elf64_Phdr]) -> Option<LoadedModule> {
    let base = info.dlpi_addr;
    let segments = || headers.iter().filter(|header| header.p_type == libc::PT_LOAD);
    let start = segments().map(|header| header.p_vaddr).min()?;
    let end = segments().map(|header| header.p_vaddr + header.p_memsz).max()?;
    let code = segments().find(|header| header.p_flags & libc::PF_X != 0)?;
    let index = headers.iter().find(|header| header.p_type == libc::PT_GNU_EH_FRAME)?;
    // SAFETY: a segment that the loader describes is mapped as long as the module is loaded, and read-only tables
    // and code do not change. That no module is unloaded meanwhile is asked of who starts to sample.
    let bytes = |start: u64, end: u64| unsafe {
        std::slice::from_raw_parts((base + start) as *const u8, (end - start) as usize)
    };
    let index_range = index.p_vaddr..index.p_vaddr + index.p_memsz;
    let index_bytes = bytes(index_range.start, index_range.end);
    // The tables' place, as every linker writes it: 32 bits with a sign, from where they stand.
    const VERSION: u8 = 1;
    const RELATIVE_32_BITS: u8 = 0x1b;
    let [VERSION, RELATIVE_32_BITS, _, _, a, b, c, d, ..] = *index_bytes else { return None };
    let distance = i64::from(i32::from_le_bytes([a, b, c, d]));
    let table = (index_range.start + 4).checked_add_signed(distance)?;
    let segment = segments()
        .find(|header| (header.p_vaddr..header.p_vaddr + header.p_filesz).contains(&table))?;
    let table_range = table..segment.p_vaddr + segment.p_filesz;
    let code_range = code.p_vaddr..code.p_vaddr + code.p_filesz;
    // SAFETY: the loader gives a string that ends, or none.
    let name = unsafe { info.dlpi_name.as_ref().map(|name| CStr::from_ptr(name)) };
    Some(Module::new(
        name.map_or(String::new(), |name| name.to_string_lossy().into_owned()),
        base + start..base + end,
        base,
        ExplicitModuleSectionInfo {
            base_svma: 0,
            text: readable(code).then(|| bytes(code_range.start, code_range.end)),
            text_svma: Some(code_range),
            eh_frame: Some(bytes(table_range.start, table_range.end)),
            eh_frame_svma: Some(table_range),
            eh_frame_hdr: Some(index_bytes),
            eh_frame_hdr_svma: Some(index_range),
            ..ExplicitModuleSectionInfo::default()
        },
    ))
}

fn readable(segment: &libc::Elf64_Phdr) -> bool {
    segment.p_flags & libc::PF_R != 0
}
