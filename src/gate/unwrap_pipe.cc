#include <algorithm>
#include <array>
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

/// xargs -0: names end where no name can hold the byte. Only the words in front of the command that
/// xargs starts are its options (xargs perl -0), only behind those that take no argument is "-0" an
/// option (xargs -I -0), and -d takes it back.
bool reads_whole_names(const ResolvedCommand& outer, const Word& inner_name) {
    static constexpr auto kAlone = std::to_array<std::string_view>(
        {"-r", "-t", "-p", "-x", "-o", "--no-run-if-empty", "--verbose"});
    static constexpr auto kZero =
        std::to_array<std::string_view>({"-0", "-r0", "-0r", "--null", "--nul", "--nu"});
    bool whole = false;
    bool alone = true;  // nothing that may take the next word stands before
    for (std::size_t i = 1; i < outer.argv.size(); ++i) {
        const Word& word = outer.argv[i];
        if (!word.value || (word.span == inner_name.span && word.value == inner_name.value)) {
            break;
        }
        const std::string_view text = *word.value;
        if (text.starts_with("-d") || text.starts_with("--d")) {
            return false;
        }
        const bool zero = std::find(kZero.begin(), kZero.end(), text) != kZero.end();
        whole = whole || (zero && alone);
        alone = zero || !text.starts_with('-') ||
                std::find(kAlone.begin(), kAlone.end(), text) != kAlone.end();
    }
    return whole;
}

/// sort -z and its like pass on whole names; without it they split and reorder them at line ends.
bool passes_whole_names(const ResolvedCommand& filter) {
    return std::any_of(filter.argv.begin() + 1, filter.argv.end(), [](const Word& word) {
        const std::string_view text = word.value ? std::string_view(*word.value) : "";
        const bool bundle = text.size() > 1 && text[0] == '-' &&
                            text.find_first_not_of("zruivVhgMbR", 1) == std::string_view::npos &&
                            text.find('z') != std::string_view::npos;
        return bundle || text == "--zero-terminated" || text == "--null-data";
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
    if (outer.input.kind != InputSource::Kind::Pipe || command.argv.empty() ||
        reads_elsewhere(outer)) {
        return;
    }
    const std::vector<Word> paths = paths_printed_by(outer.input.pipe_from, command.directory);
    if (paths.empty()) {
        return;
    }
    bool whole = reads_whole_names(outer, command.argv.front());
    // Nothing but the input, or -z, between what prints the names and what reads them.
    for (std::size_t at = outer.input.pipe_from; whole && printed_.at(at).paths.empty();
         at = out_.commands[at].command.input.pipe_from) {
        whole = passes_whole_names(out_.commands[at].command);
    }
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
