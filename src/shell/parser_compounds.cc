// if, while, until, for, select, case, { }, ( ), functions, coprocesses.
#include "shell/parser.h"

namespace countersign::shell {

const Command* Parser::parse_compound() {
    const std::size_t begin = token().span.begin;
    switch (peek_kind()) {
        case TokenKind::If:
            return parse_if();
        case TokenKind::While:
            return parse_while(false);
        case TokenKind::Until:
            return parse_while(true);
        case TokenKind::For:
            return parse_for(false);
        case TokenKind::Select:
            return parse_for(true);
        case TokenKind::Case:
            return parse_case();
        case TokenKind::OpenParen:
            return parse_group(TokenKind::OpenParen, TokenKind::CloseParen);
        case TokenKind::OpenBrace:
            return parse_group(TokenKind::OpenBrace, TokenKind::CloseBrace);
        case TokenKind::OpenTest:
            return parse_conditional();
        case TokenKind::ArithmeticBody: {
            const Token body = take();
            return finish(arena_.make<ArithmeticCommand>(ArithmeticCommand{body.word}), begin,
                          false);
        }
        default:
            return nullptr;
    }
}

const Script* Parser::required_list() {
    const Script* script = parse_list();
    if (!failed_ && script->statements.empty()) {
        fail_unexpected(token());
    }
    return script;
}

const Script* Parser::parse_body(TokenKind open, TokenKind close) {
    if (!expect(open)) {
        return nullptr;
    }
    const Script* body = required_list();
    expect(close);
    return body;
}

const Command* Parser::parse_group(TokenKind open, TokenKind close) {
    const std::size_t begin = token().span.begin;
    const Script* body = parse_body(open, close);
    if (open == TokenKind::OpenParen) {
        return finish(arena_.make<Subshell>(Subshell{body}), begin, false);
    }
    return finish(arena_.make<BraceGroup>(BraceGroup{body}), begin, false);
}

const Command* Parser::parse_if() {
    const std::size_t begin = token().span.begin;
    const std::size_t mark = if_clauses_.mark();
    If form;
    do {
        take();  // if or elif
        IfClause clause;
        clause.condition = required_list();
        expect(TokenKind::Then);
        clause.body = required_list();
        if_clauses_.push(clause);
    } while (!failed_ && peek_kind() == TokenKind::Elif);
    if (!failed_ && accept(TokenKind::Else)) {
        form.otherwise = required_list();
    }
    expect(TokenKind::Fi);
    form.clauses = if_clauses_.finish(mark, arena_);
    return finish(arena_.make<If>(form), begin, false);
}

const Command* Parser::parse_while(bool until) {
    const std::size_t begin = token().span.begin;
    take();
    While form;
    form.until = until;
    form.condition = required_list();
    form.body = parse_body(TokenKind::Do, TokenKind::Done);
    return finish(arena_.make<While>(form), begin, false);
}

/// do ... done or { ... }.
const Script* Parser::parse_loop_body() {
    if (peek_kind() == TokenKind::OpenBrace && !posix()) {
        return parse_body(TokenKind::OpenBrace, TokenKind::CloseBrace);
    }
    return parse_body(TokenKind::Do, TokenKind::Done);
}

const Command* Parser::parse_for(bool select) {
    const std::size_t begin = token().span.begin;
    take();
    if (peek_kind() == TokenKind::ArithmeticFor) {
        return parse_arithmetic_for(begin);
    }
    For form;
    form.select = select;
    if (peek_kind() != TokenKind::Word) {
        fail_unexpected(token());
        return nullptr;
    }
    const Token name = take();
    if (!check_posix_loop_name(name)) {
        return nullptr;
    }
    form.variable = name.word;
    const auto is_word = [this](std::string_view wanted) {
        const Token& next = token();
        return next.kind == TokenKind::Word && next.word.parts.size() == 1 &&
               next.word.parts[0].kind == PartKind::Literal && next.word.parts[0].text == wanted;
    };
    if (is_word("do")) {
        here_.token.kind = TokenKind::Do;
        form.body = parse_loop_body();
        return finish(arena_.make<For>(form), begin, false);
    }
    if (accept(TokenKind::Semicolon)) {
        skip_newlines();
        form.body = parse_loop_body();
        return finish(arena_.make<For>(form), begin, false);
    }
    const bool broken = peek_kind() == TokenKind::Newline;
    skip_newlines();
    if (peek_kind() == TokenKind::In || is_word("in")) {
        if (broken && here_.in_case) {
            // bash takes this "in" for the case's own and reads a pattern next.
            fail(token().span.begin, "\"in\" on a line of its own inside a case");
            return nullptr;
        }
        take();
        here_.last = TokenKind::In;
        form.has_in = true;
        const std::size_t mark = words_.mark();
        while (!failed_ && peek_kind() == TokenKind::Word) {
            words_.push(take().word);
        }
        form.items = words_.finish(mark, arena_);
        if (!accept(TokenKind::Semicolon) && !accept(TokenKind::Newline)) {
            fail_unexpected(token());
            return nullptr;
        }
        skip_newlines();
    }
    form.body = parse_loop_body();
    return finish(arena_.make<For>(form), begin, false);
}

const Command* Parser::parse_arithmetic_for(std::size_t begin) {
    const Token head = take();
    const std::size_t start = head.word.span.begin;
    std::size_t pieces[4] = {0, 0, 0, head.text.size()};
    std::size_t count = 0;
    std::size_t depth = 0;
    for (std::size_t i = 0; i < head.text.size(); ++i) {
        const char c = head.text[i];
        if (c == '(') {
            ++depth;
        } else if (c == ')' && depth > 0) {
            --depth;
        } else if (c == ';' && depth == 0) {
            if (++count > 2) {
                break;
            }
            pieces[count] = i + 1;
        }
    }
    if (count != 2) {
        fail(start, "for (( needs two semicolons");
        return nullptr;
    }
    ArithmeticFor form;
    if (here_.fixed_span) {
        // Spans are not positions in this text: take the pieces from where the token stood.
        const std::size_t at = static_cast<std::size_t>(head.text.data() - here_.text.data());
        form.initial = deferred_word(at, at + pieces[1] - 1);
        form.condition = deferred_word(at + pieces[1], at + pieces[2] - 1);
        form.step = deferred_word(at + pieces[2], at + pieces[3]);
    } else {
        form.initial = deferred_word(start, start + pieces[1] - 1);
        form.condition = deferred_word(start + pieces[1], start + pieces[2] - 1);
        form.step = deferred_word(start + pieces[2], start + pieces[3]);
    }
    if (accept(TokenKind::Semicolon) || accept(TokenKind::Newline)) {
        skip_newlines();
    }
    form.body = parse_loop_body();
    return finish(arena_.make<ArithmeticFor>(form), begin, false);
}

const Command* Parser::parse_case() {
    const std::size_t begin = token().span.begin;
    take();
    here_.in_case = true;
    Case form;
    if (peek_kind() != TokenKind::Word) {
        fail_unexpected(token());
        return nullptr;
    }
    form.subject = take().word;
    skip_newlines();
    const Token in = token();
    const bool spelled = in.kind == TokenKind::Word && in.word.parts.size() == 1 &&
                         in.word.parts[0].kind == PartKind::Literal &&
                         in.word.parts[0].text == "in";
    if (in.kind != TokenKind::In && !spelled) {
        fail_unexpected(in);
        return nullptr;
    }
    take();
    here_.last = TokenKind::In;
    const std::size_t mark = case_clauses_.mark();
    for (;;) {
        here_.case_pattern = true;
        skip_newlines();
        if (failed_ || peek_kind() == TokenKind::Esac) {
            break;
        }
        CaseClause clause;
        const bool more = parse_case_clause(clause);
        case_clauses_.push(clause);
        if (!more) {
            break;
        }
    }
    here_.case_pattern = false;
    expect(TokenKind::Esac);
    here_.in_case = false;
    form.clauses = case_clauses_.finish(mark, arena_);
    return finish(arena_.make<Case>(form), begin, false);
}

/// False when no further clause can follow.
bool Parser::parse_case_clause(CaseClause& clause) {
    accept(TokenKind::OpenParen);
    const std::size_t mark = words_.mark();
    do {
        if (peek_kind() != TokenKind::Word) {
            fail_unexpected(token());
            return false;
        }
        words_.push(take().word);
    } while (accept(TokenKind::Bar));
    clause.patterns = words_.finish(mark, arena_);
    if (peek_kind() != TokenKind::CloseParen) {
        fail_unexpected(token());
        return false;
    }
    here_.case_pattern = false;
    take();
    const Script* body = parse_list();
    clause.body = failed_ || body->statements.empty() ? nullptr : body;
    here_.case_pattern = true;  // what follows ;; is lexed as a pattern
    switch (peek_kind()) {
        case TokenKind::DoubleSemicolon:
            clause.end = CaseEnd::Break;
            break;
        case TokenKind::SemicolonAnd:
            clause.end = CaseEnd::FallThrough;
            break;
        case TokenKind::DoubleSemicolonAnd:
            clause.end = CaseEnd::TestNext;
            break;
        default:
            return false;
    }
    take();
    return !failed_;
}

const Command* Parser::parse_function_keyword() {
    const std::size_t begin = token().span.begin;
    take();
    if (peek_kind() != TokenKind::Word) {
        fail_unexpected(token());
        return nullptr;
    }
    const Word name = take().word;
    if (peek_kind() == TokenKind::OpenParen) {
        // "function f ()" and "function f ( list )" are told apart by the next token.
        const std::size_t open = token().span.begin;
        take();
        if (!accept(TokenKind::CloseParen)) {
            Subshell form;
            form.body = required_list();
            expect(TokenKind::CloseParen);
            const Command* body = finish(arena_.make<Subshell>(form), open);
            return finish(arena_.make<FunctionDefinition>(FunctionDefinition{name, true, body}),
                          begin, false);
        }
    }
    skip_newlines();
    return parse_function(name, true, begin);
}

/// The body: any compound command with its redirections.
const Command* Parser::parse_function(const Word& name, bool keyword, std::size_t begin) {
    const Nesting nesting(*this);
    const std::size_t body_begin = token().span.begin;
    const bool simple = posix() && begins_simple(peek_kind());
    const Command* compound = failed_ ? nullptr : simple ? parse_simple() : parse_compound();
    if (compound == nullptr) {
        fail_unexpected(token());
        return nullptr;
    }
    const Command* body = simple ? compound : finish(compound->form, body_begin);
    return finish(arena_.make<FunctionDefinition>(FunctionDefinition{name, keyword, body}), begin,
                  false);
}

const Command* Parser::parse_coprocess() {
    const std::size_t begin = token().span.begin;
    take();
    Coprocess form;
    const std::size_t body_begin = token().span.begin;
    const Command* compound = parse_compound();
    if (compound == nullptr && peek_kind() == TokenKind::Word) {
        // A name only if a compound command follows it.
        const std::size_t at = here_.at;
        const Position before = here_;
        const std::size_t pending = pending_.size();
        const Token name = take();
        switch (peek_kind()) {
            case TokenKind::If:
            case TokenKind::While:
            case TokenKind::Until:
            case TokenKind::For:
            case TokenKind::Select:
            case TokenKind::Case:
            case TokenKind::OpenParen:
            case TokenKind::OpenBrace:
            case TokenKind::OpenTest:
            case TokenKind::ArithmeticBody:
                form.name = name.word;
                compound = parse_compound();
                break;
            default:
                if (!failed_ && pending == pending_.size()) {
                    here_ = before;
                    here_.at = at;
                }
                break;
        }
    }
    if (failed_) {
        return nullptr;
    }
    if (compound != nullptr) {
        form.body = finish(compound->form, body_begin);
    } else {
        if (!begins_simple(peek_kind())) {
            fail_unexpected(token());
            return nullptr;
        }
        form.body = parse_simple();
    }
    return finish(arena_.make<Coprocess>(form), begin, false);
}

}  // namespace countersign::shell
