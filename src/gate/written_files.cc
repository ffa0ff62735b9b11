#include "gate/written_files.h"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

#include "base/limits.h"
#include "shell/quoting.h"

namespace countersign::gate {
namespace {

using model::InputSource;
using model::Redirection;
using model::ResolvedCommand;
using model::Word;

/// Programs whose last operand becomes a file with the content of another operand.
constexpr std::array<std::string_view, 4> kCopies = {"cp", "mv", "ln", "install"};

std::string_view base_name(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

std::string_view program_of(const ResolvedCommand& command) {
    const bool named = !command.argv.empty() && command.argv.front().value;
    return named ? base_name(*command.argv.front().value) : std::string_view();
}

bool is_option(const Word& word) {
    return word.value && word.value->size() > 1 && word.value->front() == '-';
}

/// A word as script text: variables of the surroundings stay variables, and behind any other
/// unknown part nothing is known.
std::string script_text(const Word& word) {
    if (word.value || word.pieces.empty()) {
        return word.value.value_or(word.known_prefix);
    }
    std::string text;
    for (const model::WordPiece& piece : word.pieces) {
        text += piece.variable ? "${" + piece.text + "}" : piece.text;
    }
    return text;
}

std::string script_text(const InputSource& input) {
    const bool known =
        input.kind == InputSource::Kind::Text || input.kind == InputSource::Kind::Pipe;
    return known ? script_text(input.content) : std::string();
}

/// What the command surely prints.
std::string text_printed_by(const ResolvedCommand& command) {
    const std::string_view name = program_of(command);
    if (name == "cat" || name == "tee") {
        const bool from_input =
            std::none_of(command.argv.begin() + 1, command.argv.end(), [&](const Word& word) {
                return name == "cat" && !is_option(word) && word.value != "-";
            });
        return from_input ? script_text(command.input) : std::string();
    }
    if (name != "echo" && name != "printf") {
        return {};
    }
    std::vector<std::string> arguments;
    for (std::size_t i = 1; i < command.argv.size(); ++i) {
        arguments.push_back(script_text(command.argv[i]));
    }
    return (name == "echo" ? shell::echo_output(arguments) : shell::printf_output(arguments))
        .value_or(std::string());
}

bool lies_in(model::Span inner, model::Span outer) {
    return inner.begin >= outer.begin && inner.end <= outer.end;
}

/// Whether what the command prints goes somewhere else than to its standard output as inherited.
bool prints_elsewhere(const ResolvedCommand& command) {
    return command.pipes_to || command.output_captured ||
           std::any_of(command.redirections.begin(), command.redirections.end(),
                       [](const Redirection& redirection) { return redirection.descriptor == 1; });
}

}  // namespace

std::string WrittenFiles::key_of(const Word& path, const catalogue::Place& place, bool elsewhere) {
    const auto resolved = path.value ? catalogue::resolve_path(*path.value, place) : std::nullopt;
    // An unknown directory: the name alone. The mark is no beginning of a path.
    std::string key = elsewhere ? ":" : "";
    key += resolved ? *resolved : "?/" + std::string(base_name(script_text(path)));
    return key;
}

bool WrittenFiles::spend(std::size_t bytes) {
    bytes_ += bytes;
    if (bytes_ > limits::kShellExpansionBytesMax) {
        any_.beyond_bound = true;
        any_.writes = std::numeric_limits<std::size_t>::max();
        files_.clear();
    }
    return !any_.beyond_bound;
}

void WrittenFiles::write(const std::string& key, std::string_view text, const ResolvedCommand& by,
                         bool append) {
    if (any_.beyond_bound) {
        return;
    }
    WrittenFile& file = files_[key];
    ++file.writes;
    if (file.beyond_bound) {
        return;
    }
    const std::string name(base_name(key));
    last_of_name_[(key.starts_with(':') ? ":" : "") + name] = key;
    const std::size_t before = file.versions.size();
    std::size_t bytes = key.size() + text.size() * std::max<std::size_t>(before, 1);
    if (!append || file.versions.empty()) {
        file.versions.emplace_back(text);
    } else {
        const bool surely = !by.conditional && !by.looped && !by.background;
        for (std::size_t i = 0; i < before; ++i) {
            if (!surely) {
                bytes += file.versions[i].size();
                file.versions.push_back(file.versions[i]);
            }
            file.versions[i] += text;
        }
    }
    const bool long_one = std::any_of(
        file.versions.begin(), file.versions.end(),
        [](const std::string& version) { return version.size() > limits::kActionTextBytesMax; });
    if (file.versions.size() > kVersionsMax || long_one) {
        file.versions.clear();
        file.beyond_bound = true;
    }
    spend(bytes);
}

void WrittenFiles::note_copy(const ResolvedCommand& command, const catalogue::Place& place,
                             bool elsewhere) {
    const Word& last = command.argv.back();
    for (std::size_t i = 1; i + 1 < command.argv.size(); ++i) {
        const Word& from = command.argv[i];
        const WrittenFile* found = find(key_of(from, place, false), elsewhere);
        if (found == nullptr || is_option(from)) {
            continue;
        }
        // The last operand is the new file, or the directory that it comes into.
        Word inside = last;
        if (inside.value && from.value) {
            *inside.value += "/" + std::string(base_name(*from.value));
        }
        const std::size_t bytes = std::accumulate(
            found->versions.begin(), found->versions.end(), std::size_t{0},
            [](std::size_t sum, const std::string& version) { return sum + version.size(); });
        if (!spend(bytes)) {
            return;
        }
        const WrittenFile copied = *found;
        for (const Word& to : {last, inside}) {
            for (const std::string& version : copied.versions) {
                write(key_of(to, place, elsewhere), version, command, false);
            }
        }
    }
}

void WrittenFiles::note(const ResolvedCommand& command, const catalogue::Place& place,
                        bool elsewhere) {
    const std::string text = text_printed_by(command);
    for (const Redirection& redirection : command.redirections) {
        const bool append = redirection.kind == Redirection::Kind::Append;
        if ((redirection.kind != Redirection::Kind::Write && !append) ||
            redirection.descriptor != 1) {
            continue;
        }
        const std::string key = key_of(redirection.target, place, elsewhere);
        write(key, text, command, append);
        if (command.argv.empty()) {
            groups_.push_back({command.span, key});
        }
    }
    const std::string_view name = program_of(command);
    if (name == "tee") {
        const bool append = std::any_of(
            command.argv.begin(), command.argv.end(),
            [](const Word& word) { return word.value == "-a" || word.value == "--append"; });
        for (std::size_t i = 1; i < command.argv.size(); ++i) {
            if (!is_option(command.argv[i])) {
                write(key_of(command.argv[i], place, elsewhere), text, command, append);
            }
        }
    } else if (std::find(kCopies.begin(), kCopies.end(), name) != kCopies.end()) {
        note_copy(command, place, elsewhere);
    }
    if (!text.empty() && !prints_elsewhere(command)) {
        const auto group = std::find_if(groups_.rbegin(), groups_.rend(), [&](const Group& one) {
            return lies_in(command.span, one.span);
        });
        if (group != groups_.rend()) {
            write(group->key, text, command, true);
        }
    }
}

const WrittenFile* WrittenFiles::find(std::string_view path, bool elsewhere) const {
    if (any_.beyond_bound) {
        return &any_;
    }
    const std::string mark = elsewhere ? ":" : "";
    auto found = files_.find(mark + std::string(path));
    if (found == files_.end()) {
        const auto named = last_of_name_.find(mark + std::string(base_name(path)));
        found = named == last_of_name_.end() ? files_.end() : files_.find(named->second);
    }
    return found == files_.end() ? nullptr : &found->second;
}

}  // namespace countersign::gate
