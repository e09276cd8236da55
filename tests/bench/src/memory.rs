//! What processes occupy.

use std::collections::BTreeSet;
use std::fs;

/// The proportional set size, in MB, of these processes and of all that they started: a page that several
/// of them share counts once. Fails where the system does not tell.
pub fn occupied_mb(roots: &[u32]) -> u64 {
    let processes = processes();
    let mut counted: BTreeSet<u32> = roots.iter().copied().collect();
    loop {
        let before = counted.len();
        for (id, parent) in &processes {
            if counted.contains(parent) {
                counted.insert(*id);
            }
        }
        if counted.len() == before {
            break;
        }
    }
    counted.into_iter().filter_map(proportional_kb).sum::<u64>() / 1024
}

/// All processes, each with its parent.
fn processes() -> Vec<(u32, u32)> {
    let entries = fs::read_dir("/proc").expect("/proc").flatten();
    entries
        .filter_map(|entry| {
            let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
            // The name, in parentheses, may hold anything.
            let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(1);
            let id = entry.file_name().to_str()?.parse().ok()?;
            Some((id, fields.next()?.parse().ok()?))
        })
        .collect()
}

/// `None` if it ended meanwhile.
fn proportional_kb(id: u32) -> Option<u64> {
    let rollup = match fs::read_to_string(format!("/proc/{id}/smaps_rollup")) {
        Ok(rollup) => rollup,
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            panic!("the memory of process {id}: {error}")
        }
        Err(_) => return None,
    };
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}
