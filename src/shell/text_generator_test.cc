#include "shell/text_generator.h"

namespace countersign::shell {

std::string TextGenerator::one_of(std::initializer_list<const char*> items) {
    return *(items.begin() + static_cast<std::ptrdiff_t>(pick(items.size())));
}

std::string TextGenerator::text() {
    std::string out;
    // Known values to begin with, mostly: what is not known is soon incomplete and so not compared.
    if (pick(8) != 0) {
        out += one_of({"X=a Y='b c' Z= N=1 V=X\n", "X='a b' Y=ab N=0 V=Y; unset Z\n",
                       "X=b Y= Z=a N=2 V=Z\n"});
        out += one_of({"A=(a 'b c')\n", "A=()\n", "A=(x [3]=y)\n", "unset A\n", "A=b\n"});
    }
    if (pick(3) != 0) {
        out += one_of({"f() { p1 \"$@\" $X; }\n", "f() { local X=l; p2 $X; }\n",
                       "f() { X=$1; shift; p1 \"$@\"; }\n", "f() { g \"$@\"; p1; }\n",
                       "f() { export X; N=5; set -- k; p1 $1; }\n"});
        out += one_of({"g() { p2 $#; }\n", "g() { Y=h; return 1; }\n", "g() { ! p3 \"$X\"; }\n",
                       "g() { local Y; unset X; X=m; }\n", ""});
    }
    const std::size_t lines = 1 + pick(5);
    for (std::size_t i = 0; i < lines; ++i) {
        out += statement(1 + pick(3)) + (pick(3) == 0 ? "; " : "\n");
    }
    // What earlier lines left behind is only seen where something uses it.
    if (pick(2) == 0) {
        out += one_of({"p0 \"$X\" \"$Y\"", "p0 \"$@\" $#", "p3 \"${A[@]}\"", "f x", "p0 \"$N\" $*",
                       "p3 $X", "\"$X\" 1", "p0 *"});
    }
    return out;
}

std::string TextGenerator::hostile_value() {
    return one_of({"a b", "p1 q", "a[$(p1)]", "*",    "",      "X",   "Y",
                   "-n",  "1",    "$(p1)",    "A[0]", "/",     "p2",  "0",
                   "x=1", "A[@]", "/work",    "a\nb", "p1;p2", "`p1`"});
}

std::string TextGenerator::parameter() {
    switch (pick(9)) {
        case 0:
            return one_of({"$X", "$Y", "${X}", "${X:-d}", "${Z:-e f}", "${X:+g}", "${Y#a}"});
        case 1:
            return one_of({"${X%b}", "${#X}", "${X/a/b}", "${X^^}", "${X:1:2}", "${!V}"});
        case 2:
            return one_of({"$#", "$*", "$@", "$1", "${@:1:1}", "${@:2}", "${*:1:2}", "${#@}"});
        case 3:
            return one_of({"${A[0]}", "${A[@]}", "${#A[@]}", "${A[1]}", "${A[*]}", "${!A[@]}",
                           "${A[@]:1}", "${A[-1]}", "$A", "${A[N]}", "${A[@]/a/b}", "${A[@]#a}"});
        case 4:
            return one_of({"${X:=q}", "${Z=r}", "${X+s t}", "${1-u}", "${@:-v}", "${Y:-$X}"});
        case 5:
            return one_of({"${X//a/}", "${X/#a/b}", "${X/%b/c}", "${X,,}", "${X^}", "${X~~}"});
        case 6:
            return one_of({"${X@Q}", "${X@U}", "${#}", "$N", "${N}", "${X##*/}", "${X%%b*}"});
        case 7:
            return one_of({"${M[k]}", "${M[@]}", "${X: -1}", "${X:N}", "${X:N:1}", "${A[@]:0:1}"});
        default:
            return one_of({"$X", "$Y", "$Z", "$N", "$V", "$A"});
    }
}

std::string TextGenerator::word(std::size_t depth) {
    switch (pick(depth == 0 ? 9 : 18)) {
        case 0:
            return "'" + one_of({"a", "b1", "x y", "*", "-f", "", "$", "~", "a=b"}) + "'";
        case 1:
            return "\"" + one_of({"a b", "$X", "${Y}z", "$@", "\\$X", "$X$@"}) + "\"";
        case 2:
            return one_of({"a", "b", "c/d", "-rf", "--x=y", "r\\m", "r''m", "$'\\x72m'", "?", "*"});
        case 3:
        case 4:
            return parameter();
        case 5:
            return one_of({"{a,b}", "{1..3}", "x{y,z}w", "{a,{b,c}}", "{a}", "a{,b}", "{b..a}",
                           "{01..3}", "{a,b}{c,d}", "{$X,b}", "{1..5..2}", "\"{a,b}\""});
        case 6:
            return one_of({"$((1+2))", "$((N*2))", "$[3-1]", "$((N++))", "$((0x1f))", "$((N=5))",
                           "$((N>1?2:3))", "$((++N))", "$((N+=2))", "$((1,2))", "$((2**3))"});
        case 7:
            return one_of({"~", "~/x", "a:~", "X=~", "X=a:~/b", "~+", "'~'", "a~"});
        case 8:
            return "\"" + parameter() + "\"";
        case 9:
            return "$(echo " + word(depth - 1) + ")";
        case 10:
            return "\"$(printf '%s' " + word(depth - 1) + ")\"";
        case 11:
            return "`echo " + one_of({"a", "b c", "$X"}) + "`";
        case 12:
            return "${X:-" + word(depth - 1) + "}";
        case 13:
            return word(depth - 1) + word(depth - 1);
        case 14:
            return "\"${X:-" + one_of({"a b", "'a b'", "$Y", "\\$Y", "\"q r\""}) + "}\"";
        default:
            return one_of({"a", "b", "cc"});
    }
}

std::string TextGenerator::words(std::size_t depth) {
    std::string out;
    for (std::size_t i = pick(4); i > 0; --i) {
        out += " " + word(depth);
    }
    return out;
}

std::string TextGenerator::assignment(std::size_t depth) {
    switch (pick(12)) {
        case 0:
            return one_of({"N=3", "N=4", "V=X", "V=Y", "X=a", "Y=ab", "N=N+1", "X=", "N=0"});
        case 1:
            return "A=(" + words(depth) + " )";
        case 2:
            return "X+=" + word(depth);
        case 3:
            return "IFS=" + one_of({":", "b", "' '", "a", "", "$' \\t\\n'"});
        case 4:
            return one_of({"A[0]=", "A[1]=", "A[N]=", "A+=", "A[$((N+1))]="}) + word(0);
        case 5:
            return "A+=(" + words(0) + " )";
        case 6:
            return one_of({"((N=2))", "((N++))", "let N=N+2", "((N+=1,M2=3))", "let N++ X=3"});
        default:
            return one_of({"X=", "Y=", "Z="}) + word(depth);
    }
}

std::string TextGenerator::builtin(std::size_t depth) {
    switch (pick(20)) {
        case 0:
            return one_of({"shift", "unset X", "unset Y", "cd /", "set -f", "set +f", "shift 2",
                           "unset A", "unset -f f", "cd", "cd /tmp", "cd ..", "unset N"});
        case 1:
            return one_of({"export X", "local X=1", "declare Y=2", "readonly Q=1", "read X <<< a",
                           "export X=3", "declare -i N", "declare -x Y", "typeset -u X",
                           "export -n X", "declare -a A", "declare -A M", "declare -g X=4",
                           "local Y", "local IFS=a", "declare -l X=AB", "declare -i N=2+3",
                           "declare X"});
        case 2:
            return one_of({"read -r X <<< 'a b'", "read X Y <<< 'a b c'", "IFS=a read -r X <<< bab",
                           "read -a A <<< 'x y'", "mapfile -t A <<< 'q'", "read -r X </dev/null",
                           "read", "while read -r X; do p0 \"$X\"; done <<< z",
                           "printf '%s\\n' a b | while read -r X; do p1 \"$X\"; done"});
        case 3:
            return one_of({"printf -v X %s q", "printf -v X '%d' 3", "printf -v A[1] r",
                           "getopts ab X", "getopts ab: X -a", "OPTIND=1"});
        case 4:
            return one_of({"eval", "command eval", "builtin eval", "X=7 eval", "Y=e eval"}) + " " +
                   one_of({"'p0 $X'", "X=8", "'X=$Y'", "\"p0 $X\"", "'f q'", "'set -- z'",
                           "'export X=9'", "p1 '$N'", "'local X=5'", "'unset X'"});
        case 5:
            return one_of({"set -e", "set -u", "set -a", "set +e", "set +u", "set -o noglob",
                           "set -o pipefail", "set -eu", "set +a", "shopt -s nullglob",
                           "shopt -s lastpipe", "set -- ${X}", "set - a b", "set a",
                           "set -o errexit"});
        case 6:
            return one_of({"trap 'p1 $X' EXIT", "trap - EXIT", "trap 'X=t' EXIT", "trap p2 ERR",
                           "trap 'p2 $X' DEBUG", "trap '' INT", "trap 'p1 $?' 0",
                           "trap p1 RETURN"});
        case 7:
            return one_of({"exec </dev/null", "exec 3>o", "exec p3 $X", "exec 0<&-", "exec >o",
                           "exec 2>&1", "exec", "exec 4<&0", "exec <o"});
        case 8:
            return one_of({"break", "continue", "return", "break 2", "exit", "exit 3", "return 1",
                           "continue 2", "break 1"});
        case 9:
            return one_of({"true", "false", ":", "test a", "[ \"$X\" ]", "[ a = b ]",
                           "[ -n \"$Y\" ]", "test -f o", "[ 1 -eq 1 ]", "! true", "[[ $X ]]",
                           "[[ -n $Y ]]"});
        case 10:
            return "set --" + words(depth);
        case 11:
            return one_of({"alias p0=p1", "unalias p0", "hash -r", "type p0", "command -v p0",
                           "enable -n echo", "hash p0", "umask 022", "ulimit -c 0", "wait", "jobs",
                           "pwd", "dirs", "pushd /tmp", "popd", "times", "caller"});
        case 12:
            return one_of({"X=1", "Y=2", "IFS=a", "IFS=:", "N=1"}) + " " + simple(depth);
        case 13:
            return one_of({"command", "builtin", "command -p", "command --"}) + " " + simple(depth);
        default:
            return assignment(depth);
    }
}

std::string TextGenerator::simple(std::size_t depth) {
    switch (pick(12)) {
        case 0:
            return assignment(depth);
        case 1:
            return one_of({"X=", "Y=", "Q="}) + word(depth) + " p1" + words(depth);
        case 2:
            return one_of({"f", "f", "g", "X=c f", "Y=d g", "f >o", "f <<< h"}) + words(depth);
        case 3:
            return one_of({"command p2", "command -p p2", "exec p2", "builtin p2"}) + words(depth);
        case 4:
            return parameter() + " p0" + words(depth);
        case 5:
            return "p0" + words(depth) +
                   one_of({" >o", " 2>&1", " <<< a", " >/dev/null", " <o", " &>o", " >>o", " 3<&0",
                           " <<< $X", " <<< \"$(p1)\"", " 2>&-", " >\"$X\"", " {fd}>o"});
        case 6:
        case 7:
        case 8:
            return builtin(depth);
        default:
            return one_of({"p0", "p1", "p2"}) + words(depth);
    }
}

std::string TextGenerator::compound(std::size_t depth) {
    const auto inner = [&] { return statement(depth - 1); };
    switch (pick(20)) {
        case 0:
            return "if " + inner() + "; then " + inner() + "; else " + inner() + "; fi";
        case 1:
            return "for X in" + words(2) + "; do " + inner() + "; done";
        case 2:
            return "{ " + inner() + "; }" +
                   one_of({"", "", " >o", " <<< i", " 2>&1", " </dev/null"});
        case 3:
            return "( " + inner() + " )" + one_of({"", "", " >o"});
        case 4:
            return "case " + word(1) + " in " + one_of({"a", "a*", "$X", "\"$X\"", "a|b", "?"}) +
                   ") " + inner() + one_of({" ;; ", " ;& ", " ;;& "}) + "*) " + inner() + ";; esac";
        case 5:
        case 6:
            return one_of({"f() { ", "f() { ", "g() { ", "function f { "}) + inner() + "; }";
        case 7:
            return "[[ " + word(1) + one_of({" == ", " != ", " = ", " < ", " -eq "}) +
                   one_of({"a*", "$X", "\"$X\"", "1", "b"}) + " ]]" + one_of({" && ", " || "}) +
                   inner();
        case 8:
            return "for ((i=0; i<" + one_of({"2", "N", "1", "0"}) + "; i++)); do " + inner() +
                   "; done";
        case 9:
            return "while " + one_of({"p0", "true", "[[ $N -lt 2 ]]", "((N<2))", "false"}) +
                   "; do " + inner() + one_of({"; break; done", "; exit; done", "; return; done"});
        case 10:
            return "until p1; do " + inner() + one_of({"; continue", ""}) + "; break; done";
        case 11:
            return "p0 <<E\n$X $(p1 a) ${Y:-$(p2)}\nE\n" + simple(1);
        case 12:
            return inner() + " &";
        case 13:
            return "for X; do " + inner() + "; done";
        case 14:
            return one_of({"f() ( ", "g() ( "}) + inner() + " )";
        case 15:
            return "select X in a b; do " + inner() + "; break; done <<< 1";
        case 16:
            return inner() + " | { " + inner() + "; }";
        case 17:
            return "X=$(" + inner() + ")";
        case 18:
            return "p3 <(" + inner() + ")";
        default:
            return "time " + inner();
    }
}

std::string TextGenerator::statement(std::size_t depth) {
    if (depth == 0) {
        return simple(1);
    }
    switch (pick(12)) {
        case 0:
        case 1:
            return simple(2) + one_of({" && ", " || ", " | ", "; "}) + statement(depth - 1);
        case 2:
            return "true && " + statement(depth - 1) + " || " + statement(depth - 1);
        case 3:
            return "! " + simple(2);
        case 4:
        case 5:
        case 6:
        case 7:
            return compound(depth);
        default:
            return simple(2);
    }
}

}  // namespace countersign::shell
