#include <algorithm>
#include <array>

#include "base/limits.h"
#include "gate/unwrap.h"

// Scripts that the text writes and runs. See written_files.h for what is known of their content.

namespace countersign::gate {
namespace {

using model::Word;

std::string_view base_name(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

bool is_shell_script(std::string_view content) {
    const std::string_view first = content.substr(0, content.find('\n'));
    return !first.starts_with("#!") || first.ends_with("sh") ||
           first.find("sh ") != std::string_view::npos;
}

/// $0, $1 ... of the script: the words from its own name on.
std::vector<Word> arguments_behind(const model::ResolvedCommand& command, std::string_view name) {
    const auto script = std::find_if(
        command.argv.begin(), command.argv.end(),
        [&](const Word& word) { return word.value && base_name(*word.value) == name; });
    return {script, command.argv.end()};
}

/// The file that an effect starts, as far as it is known: below an unknown directory the word.
std::string file_started(const model::Effect& effect, const model::ResolvedCommand& command) {
    if (!effect.target.empty()) {
        return effect.target;
    }
    const auto word = std::find_if(
        command.argv.begin(), command.argv.end(),
        [&](const Word& candidate) { return candidate.value && candidate.span == effect.span; });
    return word == command.argv.end() ? std::string() : *word->value;
}

}  // namespace

bool Unwrapper::stands_in_script(std::size_t index, std::string_view name) const {
    for (std::optional<std::size_t> at = out_.commands[index].inside; at;
         at = out_.commands[*at].inside) {
        const auto found = scripts_.find(*at);
        if (found != scripts_.end() && found->second == name) {
            return true;
        }
    }
    return false;
}

void Unwrapper::read_script(std::size_t index, const std::string& path, const WrittenFile& file) {
    const std::string name(base_name(path));
    // A script that starts itself says nothing new.
    if (stands_in_script(index, name)) {
        return;
    }
    scripts_[index] = name;
    catalogue::Inner inner;
    inner.kind = catalogue::Inner::Kind::Shell;
    inner.language = "bash";
    inner.text = Word::unknown("the text writes it too often", out_.commands[index].command.span);
    inner.argv = arguments_behind(out_.commands[index].command, name);
    if (inner.argv.empty()) {
        inner.argv.push_back(Word::unknown("arguments of a script"));
    }
    if (file.beyond_bound) {
        unknown_text(index, inner);
    }
    for (const std::string& version : file.versions) {
        if (version.empty() || !is_shell_script(version)) {
            continue;
        }
        script_bytes_ += version.size();
        if (script_bytes_ > limits::kShellExpansionBytesMax) {
            out_.beyond_bound = "more text of written scripts than can be judged";
            return;
        }
        inner.text.value = version;
        enter(index, inner);
    }
}

void Unwrapper::enter_written(std::size_t index, const std::vector<model::Effect>& effects) {
    const std::string& program_class = out_.commands[index].program_class;
    if (program_class != "shell" && program_class != "local") {
        return;
    }
    for (const model::Effect& effect : effects) {
        const std::string path = effect.kind == model::EffectKind::Execute
                                     ? file_started(effect, out_.commands[index].command)
                                     : std::string();
        if (path.empty()) {
            continue;
        }
        const WrittenFile* file = written_.find(path, out_.commands[index].elsewhere);
        runs_.push_back({index, path, file == nullptr ? 0 : file->writes});
        if (file != nullptr) {
            // A copy: what the script itself writes changes the original.
            read_script(index, path, WrittenFile(*file));
        }
    }
}

void Unwrapper::enter_written_later() {
    // Once: what a script adds to itself while it is read is not followed without end.
    const std::vector<Run> runs = std::move(runs_);
    for (const Run& run : runs) {
        if (!out_.beyond_bound.empty() || out_.syntax_error) {
            return;
        }
        const WrittenFile* file = written_.find(run.path, out_.commands[run.index].elsewhere);
        if (file != nullptr && file->writes > run.writes) {
            read_script(run.index, run.path, WrittenFile(*file));
        }
    }
    drain();
}

}  // namespace countersign::gate
