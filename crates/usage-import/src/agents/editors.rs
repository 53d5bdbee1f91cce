//! Extensions of editors that keep their tasks alike: Cline, and Roo Code and Kilo Code, which came of it.

use std::io;
use std::path::{Path, PathBuf};

use super::agent::Agent;
use super::cline::{Beside, Program, task};
use super::cline_sdk::{Manifest, session};
use super::opencode_db;
use super::places::Places;
use super::progress::Progress;
use super::tell::{By, tell_all};
use super::told::Told;
use super::whole::{folder_name, read_beside, read_whole, stem};

/// Reads the tasks of an extension, and what its command line keeps.
pub(super) struct Extension {
    program: Program,
    name: &'static str,
    title: &'static str,
    /// Its id among the extensions of editors.
    id: &'static str,
}

pub(super) const CLINE: Extension = Extension {
    program: Program::Cline,
    name: "cline",
    title: "Cline",
    id: "saoudrizwan.claude-dev",
};

pub(super) const ROO: Extension = Extension {
    program: Program::Roo,
    name: "roo-code",
    title: "Roo Code",
    id: "rooveterinaryinc.roo-cline",
};

pub(super) const KILO: Extension = Extension {
    program: Program::Kilo,
    name: "kilo-code",
    title: "Kilo Code",
    id: "kilocode.kilo-code",
};

/// Editors that keep extensions' data as VS Code does.
const EDITORS: [&str; 6] = ["Code", "Code - Insiders", "VSCodium", "Cursor", "Windsurf", "Trae"];

/// Folders of editors on a machine that is worked on from another one.
const SERVERS: [&str; 3] = [".vscode-server", ".cursor-server", ".windsurf-server"];

impl Agent for Extension {
    fn name(&self) -> &'static str {
        self.name
    }

    fn title(&self) -> &'static str {
        self.title
    }

    fn roots(&self, places: &Places<'_>) -> Vec<PathBuf> {
        let data = places.application_data();
        let editors = data.iter().flat_map(|data| EDITORS.map(|editor| data.join(editor)));
        let servers = SERVERS.iter().filter_map(|server| places.below_home(server));
        let editors = editors.chain(servers.map(|server| server.join("data")));
        let storage = |editor: PathBuf| editor.join("User/globalStorage").join(self.id);
        let mut roots: Vec<_> = editors.map(storage).collect();
        roots.extend(match self.program {
            Program::Cline => places
                .variable("CLINE_DATA_DIR")
                .or_else(|| places.variable("CLINE_DIR").map(|folder| folder.join("data")))
                .or_else(|| places.below_home(".cline/data")),
            Program::Roo => places.below_home(".vscode-mock/global-storage"),
            Program::Kilo => places.data_home().map(|data| data.join("kilo")),
        });
        roots
    }

    fn folders(&self, root: &Path) -> Vec<PathBuf> {
        let known = [root.join("tasks"), root.join("sessions"), root.join("kilo.db")];
        match known.iter().any(|path| path.exists()) {
            true => known.to_vec(),
            false => vec![root.to_owned()],
        }
    }

    fn takes(&self, path: &Path) -> bool {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        match self.program {
            _ if name == "ui_messages.json" => true,
            Program::Cline => !stem(path, ".messages.json").is_empty(),
            Program::Kilo => name == "kilo.db",
            Program::Roo => false,
        }
    }

    fn beside(&self, path: &Path) -> Option<PathBuf> {
        opencode_db::beside(path)
    }

    fn read(&self, file: &Path, progress: &mut Progress, told: &mut Told<'_>) -> io::Result<()> {
        let by = By::transcript(self.name, file);
        if file.extension().is_some_and(|ending| ending == "db") {
            return opencode_db::read(file, by, opencode_db::KILO, progress, told);
        }
        let Some(text) = read_whole(file, progress, told)? else { return Ok(()) };
        let own = stem(file, ".messages.json");
        if own.is_empty() {
            let beside = beside(file);
            let id = folder_name(file, 1);
            tell_all(by, told, |emit| task(&text, self.program, &id, &beside, emit));
        } else {
            let id = folder_name(file, 1);
            let manifest = read_beside(&file.with_file_name(format!("{id}.json")));
            let manifest = Manifest::of(&manifest);
            tell_all(by, told, |emit| session(&text, &id, own, &manifest, emit));
        }
        Ok(())
    }
}

/// Reads what lies beside a task.
fn beside(task: &Path) -> Beside {
    let text = |name| read_beside(&task.with_file_name(name));
    let mut beside = Beside::default();
    beside.metadata(&text("task_metadata.json"));
    beside.history(&text("api_conversation_history.json"));
    beside.item(&text("history_item.json"));
    beside
}
