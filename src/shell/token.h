// Tokens of the bash grammar and the tables that name them.
#pragma once

#include <cstdint>
#include <string_view>

#include "shell/tree.h"

namespace countersign::shell {

enum class TokenKind : std::uint8_t {
    Start,  ///< before the first token
    End,
    Newline,
    Word,
    Assignment,
    Number,          ///< digits just before < or >
    RedirectName,    ///< {name} just before < or >
    ArithmeticFor,   ///< the ((...)) after for
    ArithmeticBody,  ///< ((...)) as a command
    // Operators.
    Semicolon,
    DoubleSemicolon,
    SemicolonAnd,
    DoubleSemicolonAnd,
    And,
    AndAnd,
    Bar,
    BarAnd,
    OrOr,
    OpenParen,
    CloseParen,
    Dash,  ///< the - of >&-
    // Redirections, in the order of RedirectKind up to HereDocumentTabs.
    Less,
    Greater,
    GreaterGreater,
    GreaterBar,
    LessGreater,
    LessAnd,
    GreaterAnd,
    AndGreater,
    AndGreaterGreater,
    LessLessLess,
    LessLess,
    LessLessDash,
    // Reserved words.
    If,
    Then,
    Elif,
    Else,
    Fi,
    While,
    Until,
    Do,
    Done,
    For,
    Select,
    Case,
    Esac,
    In,
    Function,
    Coproc,
    Time,
    TimePosix,
    TimeEnd,
    Bang,
    OpenBrace,
    CloseBrace,
    OpenTest,
    CloseTest,
    DollarParen  ///< the start of $( ), as the token before its first
};

struct Token {
    TokenKind kind = TokenKind::Start;
    Span span;
    Word word;
    /// For Number and RedirectName: what stood there.
    std::string_view text;
};

/// The spelling for messages, such as "`;;'" or "newline".
std::string_view token_name(TokenKind kind);
/// The reserved word that `text` spells; Word when it is none.
TokenKind reserved_word(std::string_view text);
/// Whether a reserved word, an assignment or an alias may follow such a token.
bool begins_command(TokenKind before);
/// Whether a simple command may start with the token.
bool begins_simple(TokenKind kind);
/// Whether the token may be the first of a command.
bool can_start_command(TokenKind kind);
/// Whether `text` is a name: a letter or underscore, then letters, digits, underscores (ASCII
/// alone).
bool is_name(std::string_view text);
inline bool is_redirect_operator(TokenKind kind) {
    return kind >= TokenKind::Less && kind <= TokenKind::LessLessDash;
}

}  // namespace countersign::shell
