#include <algorithm>
#include <array>

#include "catalogue/catalogue.h"
#include "catalogue/effects.h"
#include "catalogue/table.h"
#include "catalogue/words.h"

namespace countersign::catalogue {

namespace {

using model::Effect;
using model::EffectKind;
using model::ResolvedCommand;

// Programs of the system, which an agent cannot replace without a write that we judge. A name with
// a slash anywhere else is a file of its own, whatever it is called (bypasses 8).
constexpr std::array<std::string_view, 13> kProgramDirectories = {"/bin",
                                                                  "/usr/bin",
                                                                  "/sbin",
                                                                  "/usr/sbin",
                                                                  "/usr/local/bin",
                                                                  "/usr/local/sbin",
                                                                  "/usr/games",
                                                                  "/snap/bin",
                                                                  "/opt/homebrew/bin",
                                                                  "/usr/lib/git-core",
                                                                  "/usr/lib/jvm/default/bin",
                                                                  "/usr/pkg/bin",
                                                                  "/run/current-system/sw/bin"};

/// "python3.11" -> "python", "gcc-12" -> "gcc": versioned names of one program.
std::string_view without_version(std::string_view name) {
    const std::size_t end = name.find_last_not_of("0123456789.");
    if (end == std::string_view::npos || end + 1 == name.size()) {
        return name;
    }
    name = name.substr(0, end + 1);
    return name.ends_with('-') ? name.substr(0, name.size() - 1) : name;
}

const table::Form* program_named(std::string_view name) {
    const table::Form* form = table::find_program(name);
    return form != nullptr ? form : table::find_program(without_version(name));
}

void add_unknown(Understanding& out, const model::Span& span, std::string why) {
    Effect effect;
    effect.kind = EffectKind::Unknown;
    effect.place = model::Place::Unknown;
    effect.span = span;
    effect.detail = why;
    out.effects.push_back(std::move(effect));
    if (out.why_unknown.empty()) {
        out.why_unknown = std::move(why);
    }
}

std::string_view class_of(const table::Form& form) {
    const table::Form* at = &form;
    while (at->program_class.empty() && at != table::kTables.forms + at->parent) {
        at = table::kTables.forms + at->parent;
    }
    return table::text_of(at->program_class);
}

/// Reads the words against the entry and applies what they do.
void apply_entry(const table::Form& program, const ResolvedCommand& command, const Place& place,
                 Understanding& out) {
    const Reading reading = read_words(program, command.argv);
    out.program_class = class_of(*reading.form);
    if (reading.asks_help) {
        out.known_form = true;
        return;
    }
    apply(reading, command, place, out);
    out.known_form = reading.known;
    if (!reading.known) {
        add_unknown(out, command.span, reading.why);
    }
}

/// Whether a file that is called like this program poses as one of the system. Interpreters,
/// compilers, build tools and package managers are what projects bring along (venv/bin/python,
/// ./gradlew); a project's own ./ls or ./git is not.
bool is_of_the_system(std::string_view entry_class) {
    constexpr std::array<std::string_view, 14> kClasses = {
        "read",  "files",   "filter", "text",           "shell",   "wrapper",  "vcs",
        "pager", "process", "system", "network-config", "network", "identity", "security"};
    return std::find(kClasses.begin(), kClasses.end(), entry_class) != kClasses.end();
}

/// A program given by a path outside the system's directories: somebody's own code, whatever its
/// name. Where the name is a catalogued one its effects count as well, since a virtual
/// environment's python still runs what follows -c.
void apply_local_program(std::string_view path, const ResolvedCommand& command, const Place& place,
                         Understanding& out) {
    EffectMaker maker(place, out.effects);
    Effect effect;
    effect.kind = EffectKind::Execute;
    effect.span = command.argv.front().span;
    maker.on_path(std::move(effect), {path, {}, command.argv.front().glob}, place.directory);
    out.known_program = true;
    out.known_form = true;
    out.program_class = "local";
    const table::Form* form = program_named(path.substr(path.rfind('/') + 1));
    if (form == nullptr) {
        return;
    }
    const Reading reading = read_words(*form, command.argv);
    if (is_of_the_system(class_of(*reading.form))) {
        // A project may well have a ./sum or ./test of its own; in /tmp such a name is bait.
        const bool own =
            !out.effects.empty() && out.effects.back().place == model::Place::Workspace;
        out.findings.push_back({"planted_program",
                                own ? model::Severity::Medium : model::Severity::High,
                                command.argv.front().span,
                                "a file of its own that is called like a program of the system: " +
                                    std::string(path.substr(0, 120))});
    }
    if (reading.known && !reading.asks_help) {
        apply(reading, command, place, out);
        // What reads a program from a pipe stays an interpreter, wherever its file lies.
        const std::string_view entry_class = class_of(*reading.form);
        if (entry_class == "shell" || entry_class == "interpreter") {
            out.program_class = entry_class;
        }
    }
}

void apply_program(const ResolvedCommand& command, const Place& place, Understanding& out) {
    const model::Word& word = command.argv.front();
    if (!word.value.has_value() || word.glob ||
        command.target == ResolvedCommand::Target::Unknown) {
        add_unknown(out, command.span, "the program's name is not known");
        return;
    }
    if (command.target == ResolvedCommand::Target::Function) {
        add_unknown(out, command.span, "function " + *word.value + " is not followed further");
        return;
    }
    std::string_view name = *word.value;
    if (const std::size_t slash = name.rfind('/'); slash != std::string_view::npos) {
        const auto resolved = resolve_path(name, place);
        const std::string_view full = resolved ? std::string_view(*resolved) : name;
        const std::string_view directory = full.substr(0, std::min(full.rfind('/'), full.size()));
        if (std::find(kProgramDirectories.begin(), kProgramDirectories.end(), directory) ==
            kProgramDirectories.end()) {
            apply_local_program(name, command, place, out);
            return;
        }
        name.remove_prefix(slash + 1);
    }
    const table::Form* form = program_named(name);
    if (form == nullptr) {
        add_unknown(out, command.span, "program " + std::string(name.substr(0, 80)));
        return;
    }
    out.known_program = true;
    apply_entry(*form, command, place, out);
}

}  // namespace

Understanding understand(const ResolvedCommand& command, const Place& place) {
    Understanding out;
    Place here = place;
    here.directory = command.directory;
    for (const model::Assignment& assignment : command.assignments) {
        // "IFS= read x": for this command alone, and no shell takes IFS from its environment.
        if (assignment.name == "IFS" && !command.argv.empty()) {
            continue;
        }
        apply_assignment(assignment.name, assignment.value, here, out);
    }
    if (command.argv.empty()) {
        out.known_program = true;
        out.known_form = true;
        out.program_class = "assignment";
    } else {
        apply_program(command, here, out);
    }
    EffectMaker maker(here, out.effects);
    for (const model::Redirection& redirection : command.redirections) {
        apply_redirection(redirection, maker);
    }
    return out;
}

std::size_t program_count() {
    return table::kTables.program_count;
}

bool knows_program(std::string_view name) {
    return program_named(name) != nullptr;
}

}  // namespace countersign::catalogue
