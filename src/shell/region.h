// Parser::read_region: reading a nested text whose extent is known, leniently. Apart from
// parser.h because only the parser's own files need it.
#pragma once

#include <string_view>
#include <utility>

#include "shell/parser.h"

namespace countersign::shell {

/// Runs `read` over `text` from `begin` to its end. False when that inner text is not valid; the
/// outer parse goes on unharmed, except that a passed nesting bound stays an error of the whole.
template <class Read>
bool Parser::read_region(std::string_view text, std::size_t begin, std::optional<Span> fixed,
                         Read&& read) {
    Position outer = std::exchange(here_, Position{});
    here_.text = text;
    here_.at = begin;
    here_.fixed_span = outer.fixed_span ? outer.fixed_span : fixed;
    here_.pending_mark = pending_.size();
    const bool outer_lenient = std::exchange(lenient_, true);
    const bool outer_pattern = std::exchange(extended_pattern_, false);
    const std::size_t parts = parts_.mark();
    const std::size_t words = words_.mark();
    std::forward<Read>(read)();
    if (!failed_ && pending_.size() != here_.pending_mark) {
        fail(here_.at, "a here-document without its body");
    }
    const bool too_deep = failed_ && error_.message.starts_with("nested deeper");
    const bool ok = !failed_;
    pending_.resize(here_.pending_mark);
    lenient_ = outer_lenient;
    extended_pattern_ = outer_pattern;
    here_ = outer;
    if (too_deep) {
        here_.at = here_.text.size();
        here_.token = Token{};
        here_.token.kind = TokenKind::End;
        here_.has_token = true;
        return false;
    }
    if (!ok) {
        failed_ = false;
        error_ = {};
        parts_.finish(parts, arena_);
        words_.finish(words, arena_);
    }
    return ok;
}

}  // namespace countersign::shell
