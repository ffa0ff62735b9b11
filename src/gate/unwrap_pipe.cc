#include <algorithm>
#include <vector>

#include "base/limits.h"
#include "gate/unwrap.h"

// What xargs works on: the paths that the command in front of the pipe prints. "find . -name '*.o'
// | xargs rm" deletes below the working directory, as "find . -name '*.o' -exec rm {} +" does, and
// is judged alike.
//
// A file's name may hold a line end or a blank, and xargs without -0 takes the rest for another
// path: a directory "x " that holds etc/passwd gives the word /etc/passwd. So there the words are
// those that were found and one more that is not known.

namespace countersign::gate {
namespace {

using model::InputSource;
using model::ResolvedCommand;
using model::Word;

/// xargs -a reads its words from a file, whatever the pipe brings.
bool reads_elsewhere(const ResolvedCommand& outer) {
    return std::any_of(outer.argv.begin(), outer.argv.end(), [](const Word& word) {
        return !word.value || word.value->starts_with("-a") || word.value->starts_with("--a");
    });
}

/// xargs -0, also among other letters (-r0n1): names end where no name can hold the byte.
bool reads_whole_names(const ResolvedCommand& outer) {
    return std::any_of(outer.argv.begin(), outer.argv.end(), [](const Word& word) {
        const std::string& text = *word.value;
        return text == "--null" || text == "-0" || text == "-r0" || text == "-0r";
    });
}

bool is_from_input(const Word& word) {
    return !word.value && word.known_prefix.empty() &&
           (word.why_unknown == catalogue::kWordsFromInput ||
            word.why_unknown == catalogue::kWordFilledIn);
}

}  // namespace

std::vector<Word> Unwrapper::paths_printed_by(std::size_t index,
                                              const std::optional<std::string>& directory) const {
    for (std::size_t steps = 0; steps < limits::kUnwrapDepthMax; ++steps) {
        const auto found = printed_.find(index);
        if (found == printed_.end() || out_.commands[index].elsewhere ||
            out_.commands[index].command.directory != directory) {
            return {};
        }
        const InputSource& input = out_.commands[index].command.input;
        if (!found->second.paths.empty()) {
            return found->second.paths;
        }
        if (!found->second.input || input.kind != InputSource::Kind::Pipe) {
            return {};
        }
        index = input.pipe_from;
    }
    return {};
}

std::optional<std::size_t> Unwrapper::last_substituted(std::size_t outer, const Word& word) const {
    std::optional<std::size_t> last;
    std::size_t count = 0;
    model::Span all{word.span.end, word.span.begin};
    for (std::size_t i = 0; i < outer; ++i) {
        const UnderstoodCommand& entry = out_.commands[i];
        const model::Span span = entry.command.span;
        if (entry.inside != out_.commands[outer].inside || !entry.command.output_captured ||
            span.begin < word.span.begin || span.end > word.span.end) {
            continue;
        }
        all = {std::min(all.begin, span.begin), std::max(all.end, span.end)};
        last = i;
        ++count;
    }
    // All of the word is "$(" commands ")", with or without quotes around it; a command's span ends
    // with what ended it.
    const std::uint32_t quote = word.splits ? 0 : 1;
    if (!last || all.begin != word.span.begin + 2 + quote || all.end + quote != word.span.end) {
        return std::nullopt;
    }
    // One pipeline: nothing but the last stage prints.
    std::size_t stages = 1;
    for (std::size_t at = *last;
         out_.commands[at].command.input.kind == InputSource::Kind::Pipe && stages < count;
         ++stages) {
        at = out_.commands[at].command.input.pipe_from;
    }
    return stages == count ? last : std::nullopt;
}

void Unwrapper::fill_from_substitutions(std::size_t index) {
    ResolvedCommand& command = out_.commands[index].command;
    for (std::size_t i = 1; i < command.argv.size(); ++i) {
        const Word& word = command.argv[i];
        // Bash splits what is printed at blanks: a directory "x " with etc/passwd in it gives the
        // word /etc/passwd, which is none of the paths that were found.
        if (word.value || !word.known_prefix.empty() || word.splits) {
            continue;
        }
        const std::optional<std::size_t> from = last_substituted(index, word);
        std::vector<Word> paths =
            from ? paths_printed_by(*from, command.directory) : std::vector<Word>();
        if (paths.empty()) {
            continue;
        }
        for (Word& path : paths) {
            path.span = word.span;
        }
        const auto at = command.argv.begin() + static_cast<std::ptrdiff_t>(i);
        i += paths.size() - 1;
        command.argv.insert(command.argv.erase(at), paths.begin(), paths.end());
    }
}

void Unwrapper::fill_from_pipe(ResolvedCommand& command, const ResolvedCommand& outer) const {
    if (outer.input.kind != InputSource::Kind::Pipe || reads_elsewhere(outer)) {
        return;
    }
    const std::vector<Word> paths = paths_printed_by(outer.input.pipe_from, command.directory);
    if (paths.empty()) {
        return;
    }
    const bool whole = reads_whole_names(outer);
    std::vector<Word> words;
    for (Word& word : command.argv) {
        if (is_from_input(word) && !words.empty()) {
            words.insert(words.end(), paths.begin(), paths.end());
            if (!whole) {
                words.push_back(std::move(word));
            }
        } else {
            words.push_back(std::move(word));
        }
    }
    command.argv = std::move(words);
}

}  // namespace countersign::gate
