// Tokens, and what bash makes of a word from where it stands.
#include <charconv>

#include "shell/parser.h"

namespace countersign::shell {

namespace {

bool is_meta(char c) {
    return c == ';' || c == '&' || c == '|' || c == '<' || c == '>' || c == '(' || c == ')';
}

bool all_digits(std::string_view text) {
    if (text.empty()) {
        return false;
    }
    for (const char c : text) {
        if (c < '0' || c > '9') {
            return false;
        }
    }
    return true;
}

/// {name} or {name[subscript]}.
bool names_descriptor(std::string_view text) {
    if (text.size() < 3 || text.front() != '{' || text.back() != '}') {
        return false;
    }
    std::string_view inner = text.substr(1, text.size() - 2);
    const std::size_t bracket = inner.find('[');
    if (bracket != std::string_view::npos) {
        if (inner.back() != ']') {
            return false;
        }
        inner = inner.substr(0, bracket);
    }
    return is_name(inner);
}

constexpr std::string_view kDeclaring[] = {"alias",   "export",  "local", "readonly",
                                           "declare", "typeset", "eval",  "let"};
/// How many of these dash has.
constexpr std::size_t kDeclaringOfDash = 4;

bool takes_assignments(std::string_view word, Dialect dialect) {
    const std::span<const std::string_view> all(kDeclaring);
    for (const std::string_view name :
         dialect == Dialect::Bash ? all : all.first(kDeclaringOfDash)) {
        if (name == word) {
            return true;
        }
    }
    return false;
}

struct OperatorSpelling {
    std::string_view text;
    TokenKind kind;
    bool bash_only = false;  ///< dash reads two operators there
};

// The longest first among those with a common start.
constexpr OperatorSpelling kOperators[] = {
    {"<<-", TokenKind::LessLessDash},
    {"<<<", TokenKind::LessLessLess, true},
    {";;&", TokenKind::DoubleSemicolonAnd, true},
    {"&>>", TokenKind::AndGreaterGreater, true},
    {"<<", TokenKind::LessLess},
    {">>", TokenKind::GreaterGreater},
    {";;", TokenKind::DoubleSemicolon},
    {"&&", TokenKind::AndAnd},
    {"||", TokenKind::OrOr},
    {"<&", TokenKind::LessAnd},
    {">&", TokenKind::GreaterAnd},
    {"<>", TokenKind::LessGreater},
    {">|", TokenKind::GreaterBar},
    {"&>", TokenKind::AndGreater, true},
    {"|&", TokenKind::BarAnd, true},
    {";&", TokenKind::SemicolonAnd, true},
    {"<", TokenKind::Less},
    {">", TokenKind::Greater},
    {";", TokenKind::Semicolon},
    {"&", TokenKind::And},
    {"|", TokenKind::Bar},
    {"(", TokenKind::OpenParen},
    {")", TokenKind::CloseParen},
};

/// The operator of one character; every one that is_meta() holds for is one.
TokenKind single_operator(char c) {
    switch (c) {
        case '<':
            return TokenKind::Less;
        case '>':
            return TokenKind::Greater;
        case ';':
            return TokenKind::Semicolon;
        case '&':
            return TokenKind::And;
        case '|':
            return TokenKind::Bar;
        case '(':
            return TokenKind::OpenParen;
        default:
            return TokenKind::CloseParen;
    }
}

}  // namespace

const Token& Parser::token() {
    if (!here_.has_token) {
        Token next = read_token();
        if (!here_.has_token) {  // a failure puts its own end token there
            here_.token = next;
            here_.has_token = true;
        }
    }
    return here_.token;
}

Token Parser::take() {
    Token taken = token();
    here_.has_token = failed_;
    here_.before_last = here_.last;
    here_.last = taken.kind;
    return taken;
}

bool Parser::accept(TokenKind kind) {
    if (peek_kind() != kind) {
        return false;
    }
    take();
    return true;
}

bool Parser::expect(TokenKind kind) {
    if (accept(kind)) {
        return true;
    }
    const Token found = token();
    fail(found.span.begin, "expected " + std::string(token_name(kind)) + ", found " +
                               std::string(token_name(found.kind)));
    return false;
}

void Parser::skip_newlines() {
    while (accept(TokenKind::Newline)) {
    }
}

bool Parser::skip_to_token() {
    for (;;) {
        const char c = peek();
        if (c == ' ' || c == '\t') {
            ++here_.at;
        } else if (c == '#') {
            while (!at_end() && raw() != '\n') {
                ++here_.at;
            }
        } else {
            return !at_end();
        }
    }
}

Token Parser::read_token() {
    Token token;
    const bool more = skip_to_token();
    const std::size_t begin = here_.at;
    if (!more) {
        token.kind = TokenKind::End;
        token.span = span_from(begin);
        return token;
    }
    const char c = raw();
    if (c == '\n') {
        ++here_.at;
        here_.assignments_follow = false;
        token.kind = TokenKind::Newline;
        token.span = span_from(begin);
        read_here_documents();
        return token;
    }
    if (here_.regular_expression && c != ')' && c != '<' && c != '>' && c != ';' && c != '&') {
        return read_word_token(begin);
    }
    if (is_meta(c)) {
        here_.arrays_refused = here_.assignments_follow && (c == '<' || c == '>' || c == '&');
        here_.assignments_follow = here_.arrays_refused && (c != '&' || second() == '>');
        const bool process = (c == '<' || c == '>') && second() == '(' && !posix();
        if (!process) {
            const bool twice = c == '(' && second() == '(' && !posix();
            token.kind = twice ? read_double_paren(token) : read_operator();
            token.span = span_from(begin);
            return token;
        }
    }
    if (c == '-' && (here_.last == TokenKind::LessAnd || here_.last == TokenKind::GreaterAnd) &&
        !posix()) {
        ++here_.at;
        token.kind = TokenKind::Dash;
        token.span = span_from(begin);
        return token;
    }
    return read_word_token(begin);
}

TokenKind Parser::read_operator() {
    if (std::string_view("<>&|;-\\").find(raw(1)) == std::string_view::npos || raw(1) == '\0') {
        ++here_.at;
        return single_operator(here_.text[here_.at - 1]);
    }
    for (const OperatorSpelling& entry : kOperators) {
        std::size_t ahead = 0;
        bool matches = !(entry.bash_only && posix());
        for (const char wanted : entry.text) {
            while (ahead != 0 && raw(ahead) == '\\' && raw(ahead + 1) == '\n') {
                ahead += 2;
            }
            if (!matches || raw(ahead) != wanted) {
                matches = false;
                break;
            }
            ++ahead;
        }
        if (matches) {
            here_.at += ahead;
            return entry.kind;
        }
    }
    fail(here_.at, "an unknown operator");
    return TokenKind::End;
}

TokenKind Parser::read_double_paren(Token& token) {
    const bool after_for = here_.last == TokenKind::For;
    if (!after_for && (!reserved_acceptable() || here_.case_pattern)) {
        return read_operator();
    }
    const std::size_t begin = here_.at;
    peek();
    ++here_.at;
    peek();
    ++here_.at;
    const std::size_t inner = here_.at;
    if (!scan_pair('(', ')', true)) {
        return TokenKind::End;
    }
    const std::size_t inner_end = here_.at - 1;
    if (raw() == ')') {
        ++here_.at;
        token.text = here_.text.substr(inner, inner_end - inner);
        token.word = after_for ? Word{} : deferred_word(inner, inner_end);
        token.word.span = span_from(inner);
        return after_for ? TokenKind::ArithmeticFor : TokenKind::ArithmeticBody;
    }
    if (after_for) {
        fail(begin, "expected )) after for ((");
        return TokenKind::End;
    }
    here_.at = begin + 1;
    return TokenKind::OpenParen;
}

bool Parser::reserved_acceptable() const {
    if (begins_command(here_.last)) {
        return true;
    }
    return here_.last == TokenKind::Word &&
           (here_.before_last == TokenKind::Coproc || here_.before_last == TokenKind::Function);
}

bool Parser::command_position() const {
    if (is_redirect_operator(here_.last)) {
        return false;  // in "x=1 >y=2" the target is a file
    }
    if (here_.last == TokenKind::Assignment || here_.redirects_only) {
        return true;
    }
    return here_.last != TokenKind::DoubleSemicolon && here_.last != TokenKind::SemicolonAnd &&
           here_.last != TokenKind::DoubleSemicolonAnd && reserved_acceptable();
}

bool Parser::time_acceptable() const {
    switch (here_.last) {
        case TokenKind::Semicolon:
        case TokenKind::Newline:
        case TokenKind::Start:
            return here_.before_last != TokenKind::Bar;
        case TokenKind::Bar:
        case TokenKind::BarAnd:
        case TokenKind::Coproc:
        case TokenKind::Word:
            return false;
        default:
            return true;
    }
}

Token Parser::read_word_token(std::size_t begin) {
    Token token;
    Context context;
    context.assignment =
        !here_.conditional && !here_.case_pattern &&
        (command_position() || (here_.assignments_follow && !is_redirect_operator(here_.last)));
    token.word = read_word(context);
    token.span = span_from(begin);
    token.word.span = token.span;
    token.kind = TokenKind::Word;
    if (failed_) {
        return here_.token;
    }
    if (here_.at == begin) {
        fail(begin, "a word was expected here");
        return here_.token;
    }
    token.kind = classify(token);
    return token;
}

TokenKind Parser::classify(Token& token) {
    if (token.word.is_assignment()) {
        return command_position() ? TokenKind::Assignment : TokenKind::Word;
    }
    const std::string_view text = plain_text(token.word);
    if (text.empty()) {
        return TokenKind::Word;
    }
    const char next = peek();
    const bool copied =
        !posix() && (here_.last == TokenKind::LessAnd || here_.last == TokenKind::GreaterAnd);
    if (all_digits(text) && text.size() <= (posix() ? 1 : 18) &&
        (next == '<' || next == '>' || copied)) {
        token.text = text;
        return TokenKind::Number;
    }
    if ((next == '<' || next == '>') && names_descriptor(text) && !posix()) {
        token.text = text.substr(1, text.size() - 2);
        return TokenKind::RedirectName;
    }
    const TokenKind special = special_word(text);
    if (special != TokenKind::Word) {
        return special;
    }
    if (command_position() && takes_assignments(text, options_.dialect)) {
        here_.assignments_follow = true;
    }
    return TokenKind::Word;
}

TokenKind Parser::special_word(std::string_view text) {
    if (here_.last == TokenKind::Time && text == "-p") {
        return TokenKind::TimePosix;
    }
    if ((here_.last == TokenKind::Time || here_.last == TokenKind::TimePosix) && text == "--") {
        return TokenKind::TimeEnd;
    }
    if (here_.conditional && text == "]]") {
        return TokenKind::CloseTest;
    }
    if (here_.last == TokenKind::In && text == "esac") {
        return TokenKind::Esac;
    }
    if (!reserved_acceptable() &&
        !(here_.last == TokenKind::ArithmeticFor && (text == "do" || text == "{"))) {
        return TokenKind::Word;
    }
    const TokenKind reserved = reserved_word(text);
    if (reserved == TokenKind::Word) {
        return reserved;
    }
    if (here_.case_pattern) {
        const bool esac = reserved == TokenKind::Esac && here_.last != TokenKind::Bar &&
                          here_.last != TokenKind::OpenParen;
        return esac ? reserved : TokenKind::Word;
    }
    if (reserved == TokenKind::Time && !time_acceptable()) {
        return TokenKind::Word;
    }
    const bool dash_lacks = reserved == TokenKind::Select || reserved == TokenKind::Coproc ||
                            reserved == TokenKind::Time || reserved == TokenKind::Function ||
                            reserved == TokenKind::OpenTest || reserved == TokenKind::CloseTest;
    return posix() && dash_lacks ? TokenKind::Word : reserved;
}

}  // namespace countersign::shell
