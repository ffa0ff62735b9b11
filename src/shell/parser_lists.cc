// Lists, pipelines, simple commands and redirections.
//
//   list      : newlines { statement separator newlines } [statement [separator]]
//   statement : pipeline { ("&&" | "||") newlines pipeline }
//   pipeline  : { "!" | time [-p] [--] } command { ("|" | "|&") newlines command }
#include <charconv>
#include <limits>

#include "shell/parser.h"

namespace countersign::shell {

const Script* Parser::parse_list() {
    const Nesting nesting(*this);
    const std::size_t mark = statements_.mark();
    const std::size_t begin = here_.at;
    skip_newlines();
    while (!failed_ && can_start_command(peek_kind())) {
        Statement statement;
        if (!parse_statement(statement)) {
            break;
        }
        const TokenKind separator = peek_kind();
        const bool separated = separator == TokenKind::Semicolon || separator == TokenKind::And ||
                               separator == TokenKind::Newline;
        statement.background = separator == TokenKind::And;
        if (separated) {
            take();
            statement.ends_line =
                separator == TokenKind::Newline || peek_kind() == TokenKind::Newline;
            skip_newlines();
        }
        statements_.push(statement);
        if (!separated) {
            break;
        }
    }
    Script script;
    script.statements = statements_.finish(mark, arena_);
    script.span = span_from(begin);
    return arena_.make<Script>(script);
}

bool Parser::parse_statement(Statement& statement) {
    const std::size_t mark = links_.mark();
    const std::size_t begin = token().span.begin;
    Connector connector = Connector::First;
    for (;;) {
        Link link;
        link.connector = connector;
        if (!parse_pipeline(link.pipeline)) {
            links_.finish(mark, arena_);
            return false;
        }
        links_.push(link);
        const TokenKind next = peek_kind();
        if (next != TokenKind::AndAnd && next != TokenKind::OrOr) {
            break;
        }
        connector = next == TokenKind::AndAnd ? Connector::And : Connector::Or;
        take();
        skip_newlines();
    }
    statement.links = links_.finish(mark, arena_);
    statement.span = span_from(begin);
    return !failed_;
}

bool Parser::parse_pipeline(Pipeline& pipeline) {
    const std::size_t prefix_mark = prefixes_.mark();
    const std::size_t begin = token().span.begin;
    bool prefixed = false;
    while (peek_kind() == TokenKind::Bang || peek_kind() == TokenKind::Time) {
        if (prefixed && posix()) {
            fail_unexpected(token());  // dash takes one "!" alone
            return false;
        }
        prefixed = true;
        if (take().kind == TokenKind::Bang) {
            prefixes_.push(Prefix::Not);
            continue;
        }
        const bool posix = accept(TokenKind::TimePosix);
        accept(TokenKind::TimeEnd);
        prefixes_.push(posix ? Prefix::TimePosix : Prefix::Time);
    }
    pipeline.prefixes = prefixes_.finish(prefix_mark, arena_);
    const TokenKind first = peek_kind();
    const bool alone =
        first == TokenKind::Newline || first == TokenKind::Semicolon || first == TokenKind::End;
    if (prefixed && alone && !failed_ && !posix()) {
        pipeline.span = span_from(begin);
        return true;
    }
    const std::size_t mark = stages_.mark();
    for (;;) {
        Stage stage;
        stage.command = parse_command();
        if (stage.command == nullptr) {
            stages_.finish(mark, arena_);
            return false;
        }
        const TokenKind next = peek_kind();
        const bool piped = next == TokenKind::Bar || next == TokenKind::BarAnd;
        stage.pipe_errors = next == TokenKind::BarAnd;
        stages_.push(stage);
        if (!piped) {
            break;
        }
        take();
        skip_newlines();
    }
    pipeline.stages = stages_.finish(mark, arena_);
    pipeline.span = span_from(begin);
    return !failed_;
}

const Command* Parser::parse_command() {
    const Nesting nesting(*this);
    const TokenKind kind = peek_kind();
    if (failed_) {
        return nullptr;
    }
    if (begins_simple(kind)) {
        return parse_simple();
    }
    if (kind == TokenKind::Function) {
        return parse_function_keyword();
    }
    if (kind == TokenKind::Coproc) {
        return parse_coprocess();
    }
    const std::size_t begin = token().span.begin;
    const Command* compound = parse_compound();
    if (compound == nullptr) {
        fail_unexpected(token());
        return nullptr;
    }
    return finish(compound->form, begin);
}

const Command* Parser::finish(CommandForm form, std::size_t begin, bool with_redirects) {
    if (failed_) {
        return nullptr;
    }
    Command command;
    command.form = form;
    if (with_redirects) {
        command.redirects = parse_redirects();
    }
    command.span = span_from(begin);
    return failed_ ? nullptr : arena_.make<Command>(command);
}

const Command* Parser::parse_simple() {
    const std::size_t begin = token().span.begin;
    const std::size_t redirect_mark = redirects_.mark();
    const std::size_t assignment_mark = words_.mark();
    Simple simple;
    bool in_words = false;
    std::size_t word_mark = 0;
    while (!failed_) {
        const TokenKind kind = peek_kind();
        if (kind == TokenKind::Assignment && !in_words) {
            here_.redirects_only = false;
            words_.push(take().word);
        } else if (kind == TokenKind::Word || kind == TokenKind::Assignment) {
            if (!in_words) {
                simple.assignments = words_.finish(assignment_mark, arena_);
                word_mark = words_.mark();
                in_words = true;
            }
            here_.redirects_only = false;
            const Token word = take();
            words_.push(word.word);
            const bool first = words_.count_since(word_mark) == 1 && simple.assignments.empty() &&
                               redirects_.mark() == redirect_mark;
            if (first && kind == TokenKind::Word && peek_kind() == TokenKind::OpenParen) {
                take();
                if (!expect(TokenKind::CloseParen)) {
                    break;
                }
                words_.finish(word_mark, arena_);
                if (!check_posix_function_name(word.word)) {
                    break;
                }
                skip_newlines();
                return parse_function(word.word, false, begin);
            }
        } else if (kind == TokenKind::Number || kind == TokenKind::RedirectName ||
                   is_redirect_operator(kind)) {
            // Words that look like assignments stay such until the command's own word.
            here_.redirects_only = !in_words;
            Redirect redirect;
            if (!parse_redirect(redirect)) {
                break;
            }
            redirects_.push(redirect);
        } else {
            break;
        }
    }
    here_.redirects_only = false;
    if (in_words) {
        simple.words = words_.finish(word_mark, arena_);
    } else {
        simple.assignments = words_.finish(assignment_mark, arena_);
    }
    Command command;
    command.redirects = redirects_.finish(redirect_mark, arena_);
    if (failed_) {
        return nullptr;
    }
    command.form = arena_.make<Simple>(simple);
    command.span = span_from(begin);
    return arena_.make<Command>(command);
}

std::span<const Redirect> Parser::parse_redirects() {
    const std::size_t mark = redirects_.mark();
    while (!failed_) {
        const TokenKind kind = peek_kind();
        if (kind != TokenKind::Number && kind != TokenKind::RedirectName &&
            !is_redirect_operator(kind)) {
            break;
        }
        Redirect redirect;
        if (!parse_redirect(redirect)) {
            break;
        }
        redirects_.push(redirect);
    }
    return redirects_.finish(mark, arena_);
}

bool Parser::parse_redirect(Redirect& redirect) {
    const std::size_t begin = token().span.begin;
    if (peek_kind() == TokenKind::Number) {
        const std::string_view digits = take().text;
        int value = -1;
        const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        redirect.descriptor = parsed.ec == std::errc() ? value : std::numeric_limits<int>::max();
    } else if (peek_kind() == TokenKind::RedirectName) {
        redirect.variable = take().text;
    }
    const TokenKind op = peek_kind();
    const bool both = op == TokenKind::AndGreater || op == TokenKind::AndGreaterGreater;
    const bool numbered = redirect.descriptor >= 0 || !redirect.variable.empty();
    if (!is_redirect_operator(op) || (both && numbered)) {
        fail_unexpected(token());
        return false;
    }
    take();
    if (!read_target(redirect, op)) {
        return false;
    }
    redirect.span = span_from(begin);
    return !failed_;
}

bool Parser::read_target(Redirect& redirect, TokenKind op) {
    constexpr RedirectKind kKinds[] = {
        RedirectKind::Read,         RedirectKind::Write,        RedirectKind::Append,
        RedirectKind::Clobber,      RedirectKind::ReadWrite,    RedirectKind::DuplicateIn,
        RedirectKind::DuplicateOut, RedirectKind::WriteBoth,    RedirectKind::AppendBoth,
        RedirectKind::HereString,   RedirectKind::HereDocument, RedirectKind::HereDocumentTabs};
    redirect.kind =
        kKinds[static_cast<std::size_t>(op) - static_cast<std::size_t>(TokenKind::Less)];
    const bool duplicates = op == TokenKind::LessAnd || op == TokenKind::GreaterAnd;
    const TokenKind kind = peek_kind();
    if (kind == TokenKind::Dash && duplicates) {
        redirect.kind = op == TokenKind::LessAnd ? RedirectKind::CloseIn : RedirectKind::CloseOut;
        take();
        return true;
    }
    if (kind != TokenKind::Word && !(kind == TokenKind::Number && duplicates && !posix())) {
        fail_unexpected(token());
        return false;
    }
    Token target = take();
    here_.last = TokenKind::Word;
    if (posix() && duplicates && plain_text(target.word) == "-") {
        redirect.kind = op == TokenKind::LessAnd ? RedirectKind::CloseIn : RedirectKind::CloseOut;
        return true;
    }
    redirect.target = target.word;
    if (redirect.kind == RedirectKind::HereDocument ||
        redirect.kind == RedirectKind::HereDocumentTabs) {
        queue_here_document(redirect);
    }
    return true;
}

}  // namespace countersign::shell
