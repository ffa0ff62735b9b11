#include <algorithm>
#include <vector>

#include "base/limits.h"
#include "gate/unwrap.h"

// What xargs works on: the paths that the command in front of the pipe prints. "find . -name '*.o'
// | xargs rm" deletes below the working directory, as "find . -name '*.o' -exec rm {} +" does, and
// is judged alike.
//
// A file's name may hold a line end or a blank, and xargs without -0 takes the rest for another
// path. Who can make such names can also write a script; the jail sees the words that really start.

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

bool is_from_input(const Word& word) {
    return !word.value && word.known_prefix.empty() &&
           (word.why_unknown == catalogue::kWordsFromInput ||
            word.why_unknown == catalogue::kWordFilledIn);
}

}  // namespace

void Unwrapper::fill_from_pipe(ResolvedCommand& command, const ResolvedCommand& outer) const {
    if (outer.input.kind != InputSource::Kind::Pipe || reads_elsewhere(outer)) {
        return;
    }
    std::size_t from = outer.input.pipe_from;
    std::vector<Word> paths;
    for (std::size_t steps = 0; steps < limits::kUnwrapDepthMax && paths.empty(); ++steps) {
        const auto found = printed_.find(from);
        if (found == printed_.end() || out_.commands[from].elsewhere ||
            out_.commands[from].command.directory != command.directory) {
            return;
        }
        paths = found->second.paths;
        const InputSource& input = out_.commands[from].command.input;
        if (paths.empty() && (!found->second.input || input.kind != InputSource::Kind::Pipe)) {
            return;
        }
        from = input.pipe_from;
    }
    std::vector<Word> words;
    for (Word& word : command.argv) {
        if (is_from_input(word) && !words.empty()) {
            words.insert(words.end(), paths.begin(), paths.end());
        } else {
            words.push_back(std::move(word));
        }
    }
    command.argv = std::move(words);
}

}  // namespace countersign::gate
