#include "sql/lex.h"

#include <algorithm>

namespace countersign::sql {
namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_name_start(char c) {
    return (lower(c) >= 'a' && lower(c) <= 'z') || c == '_' ||
           (static_cast<unsigned char>(c) >= 0x80);
}

bool is_name_byte(char c) {
    return is_name_start(c) || is_digit(c) || c == '$';
}

/// A cursor over the text; each take_ function moves past one construct.
class Lexer {
public:
    Lexer(std::string_view text, Dialect dialect) : text_(text), dialect_(dialect) {}

    std::vector<Token> run() {
        while (at_ < text_.size()) {
            step();
        }
        return std::move(tokens_);
    }

private:
    [[nodiscard]] char here() const { return text_[at_]; }
    [[nodiscard]] char peek(std::size_t ahead = 1) const {
        return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
    }

    void push(TokenKind kind, std::size_t begin) {
        tokens_.push_back(
            {kind, {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(at_)}});
        line_start_ = false;
    }

    void step() {
        const char c = here();
        if (is_space(c)) {
            line_start_ = line_start_ || c == '\n';
            ++at_;
        } else if (!take_comment() && !take_client_line() && !take_quoted() && !take_word()) {
            take_operator();
        }
    }

    bool take_comment() {
        const char c = here();
        const bool dashes = c == '-' && peek() == '-';
        const bool hash = c == '#' && dialect_ == Dialect::Mysql;
        if (dashes || hash) {
            const std::size_t end = text_.find('\n', at_);
            at_ = end == std::string_view::npos ? text_.size() : end;
            return true;
        }
        if (c != '/' || peek() != '*') {
            return false;
        }
        // MySQL runs what stands in /*! ... */ (manual 9.7): it is no comment there.
        if (dialect_ == Dialect::Mysql && (peek(2) == '!' || peek(2) == 'M')) {
            at_ += 3;
            while (at_ < text_.size() && is_digit(here())) {
                ++at_;
            }
            return true;
        }
        take_block_comment();
        return true;
    }

    void take_block_comment() {
        std::size_t depth = 0;
        while (at_ < text_.size()) {
            if (here() == '/' && peek() == '*' && (dialect_ == Dialect::Postgres || depth == 0)) {
                ++depth;
                at_ += 2;
            } else if (here() == '*' && peek() == '/') {
                at_ += 2;
                if (--depth == 0) {
                    return;
                }
            } else {
                ++at_;
            }
        }
    }

    [[nodiscard]] bool at_statement_start() const {
        return tokens_.empty() || tokens_.back().kind == TokenKind::Semicolon ||
               tokens_.back().kind == TokenKind::Client;
    }

    bool take_client_line() {
        const char c = here();
        const bool dot = c == '.' && dialect_ == Dialect::Sqlite && line_start_ &&
                         at_statement_start() && is_name_start(peek());
        const bool backslash = c == '\\' && dialect_ != Dialect::Sqlite;
        if (!dot && !backslash) {
            return false;
        }
        const std::size_t begin = at_;
        const std::size_t end = text_.find('\n', at_);
        at_ = end == std::string_view::npos ? text_.size() : end;
        push(TokenKind::Client, begin);
        line_start_ = true;
        return true;
    }

    bool take_quoted() {
        const char c = here();
        const std::size_t begin = at_;
        if (c == '\'') {
            const bool escapes = dialect_ == Dialect::Mysql || escape_string_prefix();
            take_until_quote('\'', escapes);
            push(TokenKind::String, begin);
        } else if (c == '"') {
            take_until_quote('"', dialect_ == Dialect::Mysql);
            push(dialect_ == Dialect::Mysql ? TokenKind::String : TokenKind::Name, begin);
        } else if (c == '`' && dialect_ != Dialect::Postgres) {
            take_until_quote('`', false);
            push(TokenKind::Name, begin);
        } else if (c == '$' && dialect_ == Dialect::Postgres && take_dollar_quote()) {
            push(TokenKind::String, begin);
        } else {
            return false;
        }
        return true;
    }

    /// E'...' : the word E directly before the quote.
    [[nodiscard]] bool escape_string_prefix() const {
        if (dialect_ != Dialect::Postgres || tokens_.empty()) {
            return false;
        }
        const Token& last = tokens_.back();
        return last.kind == TokenKind::Word && last.span.end == at_ &&
               last.span.end - last.span.begin == 1 && lower(text_[last.span.begin]) == 'e';
    }

    void take_until_quote(char quote, bool escapes) {
        ++at_;
        while (at_ < text_.size()) {
            if (escapes && here() == '\\') {
                at_ = std::min(at_ + 2, text_.size());
            } else if (here() != quote) {
                ++at_;
            } else if (peek() == quote) {
                at_ += 2;
            } else {
                ++at_;
                return;
            }
        }
    }

    bool take_dollar_quote() {
        std::size_t end = at_ + 1;
        while (end < text_.size() && is_name_byte(text_[end]) && text_[end] != '$') {
            ++end;
        }
        const bool tag_ok = end == at_ + 1 || is_name_start(text_[at_ + 1]);
        if (end >= text_.size() || text_[end] != '$' || !tag_ok) {
            return false;
        }
        const std::string_view tag = text_.substr(at_, end + 1 - at_);
        const std::size_t close = text_.find(tag, end + 1);
        at_ = close == std::string_view::npos ? text_.size() : close + tag.size();
        return true;
    }

    bool take_word() {
        const char c = here();
        const std::size_t begin = at_;
        if (is_name_start(c)) {
            while (at_ < text_.size() && is_name_byte(here())) {
                ++at_;
            }
            push(TokenKind::Word, begin);
            return true;
        }
        if (is_digit(c) || (c == '$' && is_digit(peek()))) {
            ++at_;
            while (at_ < text_.size() && (is_name_byte(here()) || here() == '.')) {
                ++at_;
            }
            push(TokenKind::Number, begin);
            return true;
        }
        return false;
    }

    void take_operator() {
        const std::size_t begin = at_;
        const char c = here();
        ++at_;
        switch (c) {
            case ',':
                push(TokenKind::Comma, begin);
                break;
            case ';':
                push(TokenKind::Semicolon, begin);
                break;
            case '(':
            case '[':
                push(TokenKind::Open, begin);
                break;
            case ')':
            case ']':
                push(TokenKind::Close, begin);
                break;
            default:
                push(TokenKind::Operator, begin);
                break;
        }
    }

    std::string_view text_;
    Dialect dialect_;
    std::size_t at_ = 0;
    bool line_start_ = true;
    std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> lex(std::string_view text, Dialect dialect) {
    return Lexer(text, dialect).run();
}

std::string_view bytes_of(std::string_view text, const Token& token) {
    return text.substr(token.span.begin, token.span.end - token.span.begin);
}

std::string_view unquoted(std::string_view text, const Token& token) {
    std::string_view bytes = bytes_of(text, token);
    const bool quoted = token.kind == TokenKind::String || token.kind == TokenKind::Name;
    if (!quoted || bytes.size() < 2) {
        return bytes;
    }
    if (bytes.front() == '$') {
        const std::size_t tag = bytes.find('$', 1) + 1;
        return bytes.size() >= 2 * tag ? bytes.substr(tag, bytes.size() - 2 * tag)
                                       : bytes.substr(std::min(tag, bytes.size()));
    }
    bytes.remove_prefix(1);
    if (bytes.back() == '\'' || bytes.back() == '"' || bytes.back() == '`') {
        bytes.remove_suffix(1);
    }
    return bytes;
}

bool is_word(std::string_view text, const Token& token, std::string_view word) {
    const std::string_view bytes = bytes_of(text, token);
    return token.kind == TokenKind::Word && bytes.size() == word.size() &&
           std::equal(bytes.begin(), bytes.end(), word.begin(),
                      [](char a, char b) { return lower(a) == b; });
}

std::string lowered(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), lower);
    return out;
}

std::size_t nesting_bound(const std::vector<Token>& tokens) {
    std::vector<std::size_t> levels = {0};
    std::size_t sum = 0;
    std::size_t most = 0;
    for (const Token& token : tokens) {
        switch (token.kind) {
            case TokenKind::Semicolon:
            case TokenKind::Client:
                levels.assign(1, 0);
                sum = 0;
                break;
            case TokenKind::Comma:
                sum -= levels.back();
                levels.back() = 0;
                break;
            case TokenKind::Open:
                levels.push_back(1);
                ++sum;
                break;
            case TokenKind::Close:
                sum -= levels.back();
                levels.back() = 0;
                if (levels.size() > 1) {
                    levels.pop_back();
                }
                break;
            default:
                ++levels.back();
                ++sum;
                break;
        }
        most = std::max(most, sum);
    }
    return most;
}

}  // namespace countersign::sql
