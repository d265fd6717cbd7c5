"""The gates of scripts/check on trees made here: what they must find, and what they must not.

The crosswalk's tests are the rows that it once had wrong. It knew functions by their names alone, so a static one was
taken for its namesake in another file; and a comment above several functions was dealt out to them by the likeness of
names."""

import os
import subprocess
import sys
import tempfile

import runner

REPO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
CHECK = os.path.join(REPO, "scripts", "check")


def gate(name, files, *arguments):
    """The lines that a gate prints about a tree of these files: path -> text."""
    with tempfile.TemporaryDirectory(prefix="zkpeer-gates-") as tree:
        for path, text in files.items():
            os.makedirs(os.path.join(tree, os.path.dirname(path)), exist_ok=True)
            with open(os.path.join(tree, path), "w", encoding="utf-8") as stream:
                stream.write(text)
        done = subprocess.run([sys.executable, os.path.join(CHECK, name + ".py"), *arguments], text=True, check=False,
                              capture_output=True, env={**os.environ, "ZK_GATE_TREE": tree})
        assert done.stderr == "", done.stderr
        return done.stdout.splitlines()


def must_say(lines, *wanted):
    for words in wanted:
        assert any(words in line for line in lines), f"{words!r} is not in:\n" + "\n".join(lines)


def must_not_say(lines, *unwanted):
    for words in unwanted:
        assert not any(words in line for line in lines), f"{words!r} is in:\n" + "\n".join(lines)


# ---- the crosswalk ----------------------------------------------------------------------------------------------------

ROLES = {"zab/follower.c": ("Follower", "followLeader", "follow"), "zab/observer.c": ("Observer", "observeLeader", "observe"),
         "zab/leader_lead.c": ("Leader", "lead", "lead")}


def crosswalk(files):
    lists = {"scripts/check/xref/java-methods.txt": "Leader.lead()\n", "scripts/check/xref/not-mirrored.txt": "",
             "scripts/check/xref/exceptions.txt": "",
             "scripts/check/xref/jdk-classes.txt": "java.io.File\njava.net.InetSocketAddress\n",
             "include/zk/CROSSWALK.md": "<!-- xref:begin -->\n<!-- xref:end -->\n"}
    return gate("xref", {**lists, **files}, "--table"), gate("xref", {**lists, **files})


def definition(java, name, comment="Java: {}"):
    return f"/* {comment.format(java)} */\nstatic void {name}(void)\n{{\n}}\n"


def test_a_static_function_is_the_one_of_its_own_file():
    files = {"src/peer/quorum_peer_run.c": "/* The loop. */\n" +
             "\n".join(f"static void {name}(void)\n{{\n}}\n" for _, _, name in ROLES.values())}
    for path, (java_class, method, name) in ROLES.items():
        files[f"src/{path}"] = f"/* A role.\n *\n * Java: {java_class} */\n" + definition(method + "()", name)
    table, _ = crosswalk(files)
    must_say(table, "| `Follower.followLeader()` | `follow()` | `zab/follower.c` |",
             "| `Observer.observeLeader()` | `observe()` | `zab/observer.c` |", "| `Leader.lead()` | `lead()` | `zab/leader_lead.c` |")
    must_not_say(table, "peer/quorum_peer_run.c")


def test_namesakes_with_a_tag_each_are_two_rows():
    table, _ = crosswalk({
        "src/zab/follower.c": "/* Java: Follower */\n" + definition("processPacket()", "process_packet") +
                              definition("Leader.lead()", "log_election_time"),
        "src/zab/observer.c": "/* Java: Observer */\n" + definition("processPacket()", "process_packet"),
        "src/zab/leader_lead.c": "/* Java: Leader */\n" + definition("lead()", "log_election_time"),
        "src/election/listener.c": "/* Java: QuorumCnxManager.Listener */\n" + definition("ListenerHandler.acceptConnections()", "accept_connections"),
        "src/zab/learner_cnx_acceptor.c": "/* Java: Leader.LearnerCnxAcceptor */\n" + definition("LearnerCnxAcceptorHandler.acceptConnections()", "accept_connections"),
    })
    must_say(table, "| `Follower.processPacket()` | `process_packet()` | `zab/follower.c` |",
             "| `Observer.processPacket()` | `process_packet()` | `zab/observer.c` |",
             "| `Leader.lead()` | `log_election_time()` | `zab/leader_lead.c` |",
             "| `Leader.LearnerCnxAcceptor.LearnerCnxAcceptorHandler.acceptConnections()` | `accept_connections()` | `zab/learner_cnx_acceptor.c` |",
             "| `QuorumCnxManager.Listener.ListenerHandler.acceptConnections()` | `accept_connections()` | `election/listener.c` |")


GROUPS = {"WorkerSender.run(), WorkerReceiver.run()": ("FastLeaderElection.Messenger", ("worker_sender_run", "worker_receiver_run")),
          "shutdown(), closeSocket()": ("Learner", ("learner_shutdown", "learner_is_stopping")),
          "shutdown() and join()": ("NIOServerCnxnFactory", ("server_cnxn_factory_shutdown", "server_cnxn_factory_free")),
          "setZabState(), setSyncMode(), getDetailedPeerState()": ("QuorumPeer", ("set_zab_state", "get_zab_state")),
          "QuorumServer(), initializeWithAddressString()": ("QuorumPeer.QuorumServer", ("parse", "copy", "done"))}


def test_a_comment_above_several_names_is_refused():
    for tag, (java_class, names) in GROUPS.items():
        prototypes = "".join(f"void {name}(void);\n" for name in names)
        _, found = crosswalk({"include/zk/zab/x.h": f"/* Java: {java_class} */\n\n/* Java: {tag} */\n{prototypes}"})
        must_say(found, f"include/zk/zab/x.h:3: {tag.count('()')} tags stand above {len(names)} names")


def test_a_tag_names_what_stands_directly_below_it():
    table, found = crosswalk({
        "include/zk/io/inet.h": "/* Addresses. */\n\n/* Java: InetSocketAddress.equals() */\nbool inet_equal(int a);\n"
                                "int inet_hash(int a); /* Java: InetSocketAddress.hashCode() */\n",
        "src/io/inet.c": "/* See inet.h. */\nint inet_hash(int a)\n{\n}\nbool inet_equal(int a)\n{\n}\n",
        "src/io/file.c": "/* Files. */\n\n/* Java: File.getCanonicalPath() */\n\nvoid far_below(void)\n{\n}\n"})
    must_say(table, "| `InetSocketAddress.equals()` | `inet_equal()` | `io/inet.c` |",
             "| `InetSocketAddress.hashCode()` | `inet_hash()` | `io/inet.c` |")
    must_not_say(table, "far_below")
    must_say(found, "src/io/file.c:3: this tag has no function directly below it")


def test_java_must_have_what_a_tag_names():
    _, found = crosswalk({"src/zab/leader.c": "/* Java: Leader */\n" + definition("leadTheBlind()", "lead")})
    must_say(found, "src/zab/leader.c:2: Java has no leadTheBlind()")


def side_by_side(leader, exceptions=""):
    methods = "Leader.addLearnerHandler()\nLeader.lead()\nLeader.processAck()\n"
    files = {"scripts/check/xref/java-methods.txt": methods, "scripts/check/xref/exceptions.txt": exceptions,
             "scripts/check/xref/not-mirrored.txt": "Leader.processAck()\tno proposals yet\n",
             "scripts/check/xref/jdk-classes.txt": "", "src/zab/leader.c": "/* Java: Leader */\n" + leader}
    return gate("side_by_side", files, "Leader"), gate("side_by_side", files, "--check")


def test_side_by_side_marks_what_is_split_out_of_order_or_missing():
    told, found = side_by_side(definition("lead()", "lead") + definition("addLearnerHandler()", "add"))
    must_say(told, "OUT OF ORDER", "processAck()                         -  no proposals yet")
    must_say(found, "is out of Java's order")
    told, found = side_by_side(definition("addLearnerHandler()", "add") + definition("lead()", "lead") + definition("lead()", "and_more"))
    must_say(told, "SPLIT")
    must_say(found, "Leader.lead() is split over lead() src/zab/leader.c:7, and_more() src/zab/leader.c:11")


def test_an_exception_has_a_reason_and_goes_when_it_is_none():
    split = definition("addLearnerHandler()", "add") + definition("lead()", "lead") + definition("lead()", "and_more")
    _, found = side_by_side(split, "Leader.lead()\tit is long\n")
    must_not_say(found, "split over")
    _, found = side_by_side(definition("lead()", "lead"), "Leader.lead()\tit is long\n")
    must_say(found, "exceptions.txt:1: Leader.lead() is no exception any more")


# ---- text and names ---------------------------------------------------------------------------------------------------


def test_tidy_finds_what_is_forbidden_in_the_text():
    body = "    x++;\n"
    found = gate("tidy", {"src/zab/bad.c": "int x;\n/* foo(3); */\n// no\n/* TODO: me */\n#if 0\nstatic int f(void)\n{\n"
                          "    static int counter = 3;\n    char *p = strdup(\"malloc(3)\"); x = atoi(p); a->printf(3);\n}\n#endif\n"
                          f"int long_one(void)\n{{\n{body * 75}}}\nint longer(void)\n{{\n    /* LONG: one Java method */\n{body * 125}}}\n"
                          f"int short_one(void)\n{{\n    /* LONG: one Java method */\n}}\n/* {'x' * 100} */\n",
                          "src/io/good.c": "/* The system. */\nint f(void)\n{\n    return open(0);\n}\n"})
    must_say(found, "bad.c:1: does not begin with a comment", "bad.c:2: looks like commented-out code", "bad.c:3: comments are",
             "bad.c:4: a note to oneself", "bad.c:5: code that is switched off", "bad.c:8: writable static data",
             "bad.c:9: strdup() is called", "bad.c:9: atoi() is called nowhere", "long_one() has 78 lines; the limit is 70",
             "longer() has 129 lines; the limit is 120", "short_one() has 4 lines and needs no LONG", "columns; the limit is 100")
    must_not_say(found, "malloc", "printf", "good.c")


def test_names_finds_namesakes_idlers_and_theatre():
    found = gate("names", {
        "scripts/check/caller-to-come.txt": "# Later.\ndata_tree_create_node\tsomebody\ndata_tree_delete_node\tthe same\n"
                                            "zk_input_new_bytes\tthe same\n",
        "include/zk/zab/a.h": "/* A. */\nvoid used(void);\nvoid tests_only(void);\nvoid own_file_only(void);\n"
                              "int data_tree_create_node(int x);\nint zk_input_new_bytes(int x);\n",
        "src/zab/a.c": "/* A. */\nvoid used(void)\n{\n    own_file_only();\n}\nvoid tests_only(void)\n{\n}\n"
                       "void own_file_only(void)\n{\n}\nint data_tree_create_node(int x)\n{\n    return x;\n}\n"
                       "int zk_input_new_bytes(int x)\n{\n    return x;\n}\nstatic void same(int x)\n{\n    (void)x;\n}\n",
        "src/zab/b.c": "/* B. */\nstatic void same(void)\n{\n    used();\n    zk_input_new_bytes(1);\n}\nstatic void back(void *arg)\n{\n    (void)arg;\n}\n"
                       "static void run(void)\n{\n    start(back);\n}\n"})
    must_say(found, "src/zab/b.c:2: the static name same() is taken: src/zab/a.c:20", "nothing in src uses tests_only()",
             "only its own file uses own_file_only()", "src/zab/a.c:22: (void)x; is theatre",
             "zk_input_new_bytes() has a caller now", "there is no public function data_tree_delete_node()")
    must_not_say(found, " used()", "(void)arg", "data_tree_create_node()")


def test_names_finds_settings_that_the_table_is_wrong_about():
    found = gate("names", {
        "src/ensemble/quorum_peer_config_settings.c":
            '/* Settings. */\nstatic const struct config_setting SETTINGS[] = {\n    {"a", KEY_SERVED, NULL},\n    {"b", KEY_WARNS, NULL},\n'
            '    {"c", KEY_SERVED, NULL},\n    {"d.e", KEY_SERVED, NULL},\n    {"d.", KEY_WARNS, NULL},\n    {"f_g", KEY_SERVED, NULL},\n'
            '    {"h.", KEY_SERVED, NULL},\n};\nstatic const struct config_setting BARE_SETTINGS[] = {\n    {"i.j", KEY_SERVED, NULL},\n'
            '    {"k", KEY_SERVED, NULL},\n};\n',
        "src/zab/a.c": '/* A. */\nconst char *const READ[] = {"zookeeper.a", "zookeeper.b",\n    "zookeeper.d.e", "zookeeper.d.x",\n'
                       '    "zookeeper.f_", "zookeeper.h.m", "i.j", "zookeeper.nobody", "zookeeper."};\n'})
    must_say(found, "a.c:2: zookeeper.b is read", "a.c:3: zookeeper.d.x is read", "a.c:4: zookeeper.nobody is read",
             "settings.c:5: nothing reads zookeeper.c", "settings.c:13: nothing reads k", "5 findings")
    must_not_say(found, "zookeeper.a", "d.e", "f_", "h.m", "i.j")


# ---- floors, notes, conformance ---------------------------------------------------------------------------------------


def test_floors_look_down_only():
    found = gate("floors", {
        "include/zk/zab/a.h": "/* A. */\n#include \"zk/election/x.h\"\n#include \"a_internal.h\"\n",
        "src/zab/b.c": "/* B. */\n#include \"zk/quorum/x.h\"\n#include \"tree/private.h\"\n#include \"zab/own.h\"\n",
        "src/attic/c.c": "/* C. */\n#include \"zk/base/x.h\"\n",
        "src/zab/lock_ranks.h": "/* Ranks. */\nenum {\n    ZK_RANK_LEADER = 33,\n    ZK_RANK_LEARNER = 12,\n};\n",
        "src/zab/d.c": "/* D. */\nenum { ZK_RANK_MINE = 13 };\n"})
    must_say(found, "a.h:2: zab must not include a header of election", "a.h:3: a public header includes a private one",
             "b.c:3: zab includes a private header of tree", "c.c:2: there is no floor attic",
             "lock_ranks.h:3: rank 33 is outside the band of zab, 10 to 19", "d.c:2: a rank is declared in its floor's lock_ranks.h")
    must_not_say(found, "b.c:2", "b.c:4", "lock_ranks.h:4")


def test_notes_have_a_row_for_what_the_code_cites():
    found = gate("notes", {
        "README.md": "", "tests/sim/plays/README.md": "", "scripts/stories/README.md": "",
        "NOTES.md": "| D-1 | one |\n| D-1 | again |\n| T-1 | `Sender` |\n| T-2 | `Nobody` |\n| L-12 | `ZK_RANK_GONE` |\n",
        "src/zab/a.c": "/* D-1, K-9. */\nint f(void)\n{\n    zk_thread_group_start(g, \"Sender\", run, x);\n"
                       "    zk_thread_group_start(g, \"Ghost\", run, x);\n    q = bq_new(ctx, \"lost\");\n}\n",
        "src/zab/lock_ranks.h": "/* Ranks. */\nenum {\n    ZK_RANK_LEADER = 11,\n};\n"})
    must_say(found, "NOTES.md:2: D-1 is explained twice", "a.c:1: K-9 does not exist", "a.c:5: the thread Ghost has no row in table T",
             "a.c:6: the queue lost has no row in table Q", "NOTES.md:4: no thread of the code is called Nobody",
             "lock_ranks.h:3: 11 ZK_RANK_LEADER has no row in table L", "NOTES.md:5: the row 12 ZK_RANK_GONE of table L")


def test_documents_name_what_is_there():
    found = gate("notes", {
        "README.md": "See [a](NOTES.md#1-here), [b](NOTES.md#2-gone) and [c](lost.md); NOTES 7.\n",
        "NOTES.md": "## 1 Here\n\n`zab/a.c`, `zab/gone.c`, `some_name`, `lost_name`, `build/own.txt`, `src/zab/none.c`, chapter 1, "
                    "section 1.2.\n```text\n[d](lost.md) `zab/gone_too.c`\n```\n",
        "src/zab/a.c": "/* A. */\nint some_name;\n", "tests/sim/plays/three.txt": "", "tests/sim/plays/two.txt": "",
        "tests/sim/plays/README.md": "`two`\n", "scripts/stories/README.md": "", "scripts/stories/one.story": ""})
    must_say(found, "README.md:1: the link NOTES.md#2-gone leads to no heading", "README.md:1: the link lost.md leads to no file",
             "README.md:1: NOTES.md has no chapter 7", "NOTES.md:3: NOTES.md has no chapter 1.2", "there is no file zab/gone.c",
             "nothing in the repository is called lost_name", "there is no src/zab/none.c", "three.txt is not in its list",
             "one.story is not in its list")
    must_not_say(found, "1-here", "zab/a.c", "some_name", "build/own", "gone_too", "two.txt", "chapter 1,")


def test_conformance_claims_are_true():
    found = gate("conformance", {
        "scripts/check/conformance/scenarios.txt": "FLE-01 | a | election | S | proved\nFLE-02 | b | election | S | later: x\n"
                                                   "FLE-03 | c | election | S | proved\nFLE-03 | c | nowhere | Q | maybe\n",
        "scripts/check/conformance/TABLE.md": "<!-- conformance:begin -->\n<!-- conformance:end -->\n",
        "tests/unit/test_a.c": "/* FLE-01 */\nstatic void one(void **state)\n{\n}\n/* FLE-02, FLE-77 */\nstatic void two(void **state)\n"
                               "{\n}\n/* FLE-01 */\nint no_test;\nint main(void)\n{\n    run(one);\n}\n"})
    must_say(found, "main() does not run two", "two claims FLE-02, which is for later", "two claims FLE-77, which is not in",
             "FLE-01 stands above no test", "FLE-03 is there twice", "nowhere is no layer", "Q are no modes", "maybe is no status",
             "no test claims FLE-03", "TABLE.md:1: this table is not what the sources say now")
    must_not_say(found, "no test claims FLE-01")


def test_what_is_proved_was_played_in_every_mode_or_says_why_not():
    found = gate("conformance", {
        "scripts/check/conformance/scenarios.txt":
            "CLI-01 | a | client | S,C,J | proved\nCLI-02 | b | client | C,J | proved\n"
            "CLI-03 | c | client | S,J | proved; not in J: why\nCLI-04 | d | client | J | proved; not in J: why\n"
            "CNX-01 | e | connections | J | proved\n",
        "scripts/check/conformance/TABLE.md": "<!-- conformance:begin -->\n<!-- conformance:end -->\n",
        "tests/process/clients/scenes.py": "@scene()\ndef cli_01_a(t):\n    pass\n\n\n# CLI-04\n@scene()\ndef d(t):\n    pass\n\n\n# CLI-77\nx = 1\n",
        "tests/process/interop/conversations.txt": "# what is said\n# CNX-01\nhello: hello 1\n",
        "tests/unit/test_a.c": "static void cli_02_b(void **state)\n{\n}\nstatic void cli_03_c(void **state)\n{\n}\n"
                               "int main(void)\n{\n    run(cli_02_b, cli_03_c);\n}\n"})
    must_say(found, "CLI-01 is not played in S, and does not say why", "CLI-02 is not played in C", "CLI-02 is not played in J",
             "CLI-04 is played in J after all", "CLI-77 stands above no test")
    must_not_say(found, "CLI-01 is not played in C", "CLI-03 is not", "no test claims CLI-01", "CNX-01")


sys.exit(runner.run("gates", globals()))
