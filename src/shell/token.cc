#include "shell/token.h"

#include <array>

namespace countersign::shell {

namespace {

struct Spelling {
    TokenKind kind;
    std::string_view text;
};

constexpr Spelling kReserved[] = {
    {TokenKind::If, "if"},
    {TokenKind::Then, "then"},
    {TokenKind::Elif, "elif"},
    {TokenKind::Else, "else"},
    {TokenKind::Fi, "fi"},
    {TokenKind::While, "while"},
    {TokenKind::Until, "until"},
    {TokenKind::Do, "do"},
    {TokenKind::Done, "done"},
    {TokenKind::For, "for"},
    {TokenKind::Select, "select"},
    {TokenKind::Case, "case"},
    {TokenKind::Esac, "esac"},
    {TokenKind::In, "in"},
    {TokenKind::Coproc, "coproc"},
    {TokenKind::Time, "time"},
    {TokenKind::Function, "function"},
    {TokenKind::Bang, "!"},
    {TokenKind::OpenBrace, "{"},
    {TokenKind::CloseBrace, "}"},
    {TokenKind::OpenTest, "[["},
    {TokenKind::CloseTest, "]]"},
};

constexpr Spelling kOthers[] = {
    {TokenKind::Start, "start of the text"},
    {TokenKind::End, "end of the text"},
    {TokenKind::Newline, "newline"},
    {TokenKind::Word, "word"},
    {TokenKind::Assignment, "assignment"},
    {TokenKind::Number, "descriptor number"},
    {TokenKind::RedirectName, "descriptor name"},
    {TokenKind::ArithmeticFor, "(("},
    {TokenKind::ArithmeticBody, "(("},
    {TokenKind::Semicolon, ";"},
    {TokenKind::DoubleSemicolon, ";;"},
    {TokenKind::SemicolonAnd, ";&"},
    {TokenKind::DoubleSemicolonAnd, ";;&"},
    {TokenKind::And, "&"},
    {TokenKind::AndAnd, "&&"},
    {TokenKind::Bar, "|"},
    {TokenKind::BarAnd, "|&"},
    {TokenKind::OrOr, "||"},
    {TokenKind::OpenParen, "("},
    {TokenKind::CloseParen, ")"},
    {TokenKind::Dash, "-"},
    {TokenKind::Less, "<"},
    {TokenKind::Greater, ">"},
    {TokenKind::GreaterGreater, ">>"},
    {TokenKind::GreaterBar, ">|"},
    {TokenKind::LessGreater, "<>"},
    {TokenKind::LessAnd, "<&"},
    {TokenKind::GreaterAnd, ">&"},
    {TokenKind::AndGreater, "&>"},
    {TokenKind::AndGreaterGreater, "&>>"},
    {TokenKind::LessLessLess, "<<<"},
    {TokenKind::LessLess, "<<"},
    {TokenKind::LessLessDash, "<<-"},
    {TokenKind::TimePosix, "-p"},
    {TokenKind::TimeEnd, "--"},
    {TokenKind::DollarParen, "$("},
};

}  // namespace

std::string_view token_name(TokenKind kind) {
    for (const Spelling& entry : kReserved) {
        if (entry.kind == kind) {
            return entry.text;
        }
    }
    for (const Spelling& entry : kOthers) {
        if (entry.kind == kind) {
            return entry.text;
        }
    }
    return "token";
}

TokenKind reserved_word(std::string_view text) {
    if (text.empty() || text.size() > 8) {
        return TokenKind::Word;
    }
    for (const Spelling& entry : kReserved) {
        if (entry.text[0] == text[0] && entry.text == text) {
            return entry.kind;
        }
    }
    return TokenKind::Word;
}

bool begins_command(TokenKind before) {
    switch (before) {
        case TokenKind::Start:
        case TokenKind::DollarParen:
        case TokenKind::Newline:
        case TokenKind::Semicolon:
        case TokenKind::DoubleSemicolon:
        case TokenKind::SemicolonAnd:
        case TokenKind::DoubleSemicolonAnd:
        case TokenKind::And:
        case TokenKind::AndAnd:
        case TokenKind::Bar:
        case TokenKind::BarAnd:
        case TokenKind::OrOr:
        case TokenKind::OpenParen:
        case TokenKind::CloseParen:
        case TokenKind::OpenBrace:
        case TokenKind::CloseBrace:
        case TokenKind::ArithmeticBody:
        case TokenKind::Bang:
        case TokenKind::Do:
        case TokenKind::Done:
        case TokenKind::Elif:
        case TokenKind::Else:
        case TokenKind::Esac:
        case TokenKind::Fi:
        case TokenKind::If:
        case TokenKind::Then:
        case TokenKind::Time:
        case TokenKind::TimePosix:
        case TokenKind::TimeEnd:
        case TokenKind::Coproc:
        case TokenKind::Until:
        case TokenKind::While:
        case TokenKind::CloseTest:
            return true;
        default:
            return false;
    }
}

bool can_start_command(TokenKind kind) {
    switch (kind) {
        case TokenKind::Word:
        case TokenKind::Assignment:
        case TokenKind::Number:
        case TokenKind::RedirectName:
        case TokenKind::ArithmeticBody:
        case TokenKind::OpenParen:
        case TokenKind::If:
        case TokenKind::While:
        case TokenKind::Until:
        case TokenKind::For:
        case TokenKind::Select:
        case TokenKind::Case:
        case TokenKind::Function:
        case TokenKind::Coproc:
        case TokenKind::Time:
        case TokenKind::Bang:
        case TokenKind::OpenBrace:
        case TokenKind::OpenTest:
            return true;
        default:
            return is_redirect_operator(kind);
    }
}

bool begins_simple(TokenKind kind) {
    return kind == TokenKind::Word || kind == TokenKind::Assignment || kind == TokenKind::Number ||
           kind == TokenKind::RedirectName || is_redirect_operator(kind);
}

std::string_view plain_text(const Word& word) {
    if (word.is_assignment() || word.parts.size() != 1 || word.parts[0].kind != PartKind::Literal) {
        return {};
    }
    return word.parts[0].text;
}

bool is_name(std::string_view text) {
    if (text.empty() || (text[0] >= '0' && text[0] <= '9')) {
        return false;
    }
    for (const char c : text) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && !(c >= '0' && c <= '9')) {
            return false;
        }
    }
    return true;
}

}  // namespace countersign::shell
