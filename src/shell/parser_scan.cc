// Extents of regions that bash only pairs when it reads a text: where $((, ((, $[, `, @( end.
// Mirrors how bash pairs them, including that "${" counts for nothing there while "$(" is parsed.
#include "shell/parser.h"

namespace countersign::shell {

/// From inside `open` past its matching `close`. `substitutions`: "$(" inside is parsed, strictly.
bool Parser::scan_pair(char open, char close, bool substitutions) {
    const Nesting nesting(*this);
    const std::size_t begin = here_.at;
    std::size_t depth = 1;
    while (!failed_ && here_.at < here_.text.size()) {
        const char c = raw();
        if (c == '\\') {
            here_.at += 2;
        } else if (c == close) {
            ++here_.at;
            if (--depth == 0) {
                return true;
            }
        } else if (c == open) {
            ++depth;
            ++here_.at;
        } else if (c == '\'' || c == '"' || c == '`') {
            const bool dollar = here_.at > begin && here_.text[here_.at - 1] == '$';
            ++here_.at;
            if (!scan_quoted(c, dollar)) {
                return false;
            }
        } else if (c == '$' && substitutions && second() == '(') {
            if (!scan_dollar()) {
                return false;
            }
        } else {
            ++here_.at;
        }
    }
    if (!failed_) {
        fail(begin - 1,
             std::string("no closing ") + close + " for the " + open + " that opens here");
    }
    return false;
}

bool Parser::scan_quoted(char quote, bool dollar) {
    if (quote == '"') {
        return scan_double_quotes();
    }
    if (quote == '`') {
        return scan_backquotes();
    }
    const std::size_t begin = here_.at - 1;
    while (here_.at < here_.text.size()) {
        const char c = raw();
        ++here_.at;
        if (c == '\'') {
            return true;
        }
        if (c == '\\' && dollar) {
            ++here_.at;
        }
    }
    fail(begin, "no closing ' for the quote that opens here");
    return false;
}

bool Parser::scan_double_quotes() {
    const Nesting nesting(*this);
    const std::size_t begin = here_.at - 1;
    while (!failed_ && here_.at < here_.text.size()) {
        const char c = raw();
        if (c == '"') {
            ++here_.at;
            return true;
        }
        if (c == '\\') {
            here_.at += 2;
        } else if (c == '`') {
            ++here_.at;
            if (!scan_backquotes()) {
                return false;
            }
        } else if (c == '$') {
            if (!scan_dollar()) {
                return false;
            }
        } else {
            ++here_.at;
        }
    }
    if (!failed_) {
        fail(begin, "no closing \" for the quote that opens here");
    }
    return false;
}

bool Parser::scan_backquotes() {
    const std::size_t begin = here_.at - 1;
    while (here_.at < here_.text.size()) {
        const char c = raw();
        here_.at += c == '\\' ? 2U : 1U;
        if (c == '`') {
            return true;
        }
    }
    fail(begin, "no closing ` for the one that opens here");
    return false;
}

/// At a "$": past the expansion that it starts, or past the "$" alone.
bool Parser::scan_dollar() {
    const char next = second();
    if (next == '(') {
        ++here_.at;
        peek();
        ++here_.at;
        if (peek() == '(') {
            return scan_pair('(', ')', true);
        }
        const bool outer = std::exchange(measuring_, true);
        read_substituted_script();
        measuring_ = outer;
        return !failed_;
    }
    ++here_.at;
    if (next == '{' || next == '[') {
        peek();
        ++here_.at;
        return next == '{' ? scan_braces() : scan_pair('[', ']', true);
    }
    return !failed_;
}

bool Parser::scan_braces() {
    const Nesting nesting(*this);
    const std::size_t begin = here_.at - 1;
    while (!failed_ && here_.at < here_.text.size()) {
        const char c = raw();
        bool ok = true;
        if (c == '}') {
            ++here_.at;
            return true;
        }
        if (c == '\\') {
            here_.at += 2;
        } else if (c == '\'' || c == '"' || c == '`') {
            ++here_.at;
            ok = scan_quoted(c, false);
        } else if (c == '$') {
            ok = scan_dollar();
        } else {
            ++here_.at;
        }
        if (!ok) {
            return false;
        }
    }
    if (!failed_) {
        fail(begin, "no closing } for the expansion that opens here");
    }
    return false;
}

/// bash's own test whether "$((...))" is arithmetic rather than a subshell in a substitution.
bool Parser::balanced_parentheses(std::string_view text) {
    std::size_t depth = 0;
    char quote = '\0';
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\\') {
            ++i;
        } else if (quote != '\0') {
            quote = c == quote ? '\0' : quote;
        } else if (c == '\'' || c == '"') {
            quote = c;
        } else if (c == '(') {
            ++depth;
        } else if (c == ')') {
            if (depth == 0) {
                return false;
            }
            --depth;
        }
    }
    return depth == 0;
}

}  // namespace countersign::shell
