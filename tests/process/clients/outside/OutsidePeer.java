package org.apache.zookeeper.server.quorum;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.zookeeper.client.FourLetterWordMain;
import org.apache.zookeeper.server.OutsideServer;
import org.apache.zookeeper.server.ZooKeeperServer;
import org.apache.zookeeper.server.quorum.flexible.QuorumVerifier;
import org.mockito.Mockito;

/**
 * What ZooKeeper's own tests take for one peer of their ensemble (where they say "new QuorumPeer"): it starts a process in its
 * place. What OutsideMain has started has one, too, to be looked at.
 *
 * The thread that a QuorumPeer is never runs. A thread of this class asks the process every 50 ms what it is, because
 * tests look at the fields leader, follower and observer.
 */
public class OutsidePeer extends QuorumPeer {

    // Tests look whether there is one. It takes a while to make them.
    private static final Leader A_LEADER = Mockito.mock(Leader.class);
    private static final Follower A_FOLLOWER = Mockito.mock(Follower.class);
    private static final Observer AN_OBSERVER = Mockito.mock(Observer.class);

    private final File home;
    private final int port;
    private Process process;

    public OutsidePeer(Map<Long, QuorumServer> peers, File snapDir, File logDir, int clientPort, int electionAlg, long myid,
                       int tickTime, int initLimit, int syncLimit, int masterLimit) throws IOException {
        super(peers, snapDir, logDir, clientPort, electionAlg, myid, tickTime, initLimit, syncLimit, masterLimit);
        home = snapDir;
        port = clientPort;
    }

    /** The oracle decides in ensembles of two only; these have five members. */
    public OutsidePeer(Map<Long, QuorumServer> peers, File snapDir, File logDir, int clientPort, int electionAlg, long myid,
                       int tickTime, int initLimit, int syncLimit, int masterLimit, String oracle) throws IOException {
        this(peers, snapDir, logDir, clientPort, electionAlg, myid, tickTime, initLimit, syncLimit, masterLimit);
    }

    /** The verifier tells of groups and weights. */
    public OutsidePeer(Map<Long, QuorumServer> peers, File snapDir, File logDir, int clientPort, int electionAlg, long myid,
                       int tickTime, int initLimit, int syncLimit, int masterLimit, QuorumVerifier verifier)
        throws IOException {
        super(peers, snapDir, logDir, clientPort, electionAlg, myid, tickTime, initLimit, syncLimit, masterLimit, verifier);
        home = snapDir;
        port = clientPort;
    }

    /** A member that runs already, on a file that its test has written. */
    OutsidePeer(File config, Process running) throws IOException {
        Properties all = OutsideServer.read(config);
        home = config.getParentFile();
        tickTime = Integer.parseInt(all.getProperty("tickTime"));
        initLimit = Integer.parseInt(all.getProperty("initLimit"));
        try (FileInputStream myid = new FileInputStream(new File(all.getProperty("dataDir"), "myid"))) {
            setId(Long.parseLong(new String(myid.readAllBytes()).trim()));
        }
        String line = all.getProperty("server." + getId(), "");
        String client = all.getProperty("clientPort", line.substring(line.lastIndexOf(';') + 1));
        port = Integer.parseInt(client.substring(client.lastIndexOf(':') + 1));
        process = running;
        watch();
    }

    @Override
    public synchronized void start() {
        try {
            process = OutsideServer.launch(writeConfig());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        watch();
    }

    private void watch() {
        Thread asks = new Thread(this::watchState, "asks peer " + getId());
        asks.setDaemon(true);
        asks.start();
    }

    private File writeConfig() throws IOException {
        File config = new File(home, "zoo.cfg");
        boolean observes = getView().get(getId()).type == LearnerType.OBSERVER;
        try (PrintWriter out = new PrintWriter(config)) {
            out.println("dataDir=" + home);
            out.println("clientPort=" + port);
            out.println("tickTime=" + getTickTime());
            out.println("initLimit=" + Math.max(getInitLimit(), 15)); // a JVM starts slowly beside four others
            out.println("syncLimit=" + Math.max(getSyncLimit(), 10));
            out.println("maxClientCnxns=0");
            out.println("reconfigEnabled=" + QuorumPeerConfig.isReconfigEnabled());
            out.println("localSessionsEnabled=" + areLocalSessionsEnabled());
            out.println("localSessionsUpgradingEnabled=" + isLocalSessionsUpgradingEnabled());
            for (QuorumServer server : getView().values()) {
                out.println("server." + server.id + "=127.0.0.1:" + server.addr.getOne().getPort() + ":"
                    + server.electionAddr.getOne().getPort() + (server.type == LearnerType.OBSERVER ? ":observer" : ""));
            }
            for (String line : getQuorumVerifier().toString().split("\n")) {
                if (line.startsWith("group") || line.startsWith("weight")) {
                    out.println(line);
                }
            }
            if (observes) {
                out.println("peerType=observer");
            }
        }
        Files.writeString(new File(home, "myid").toPath(), getId() + "\n");
        return config;
    }

    private void watchState() {
        Process mine = process;
        try {
            while (mine.isAlive()) {
                setRole(mode());
                Thread.sleep(50);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        setRole("");
    }

    private void setRole(String mode) {
        leader = mode.equals("leader") ? A_LEADER : null;
        follower = mode.equals("follower") ? A_FOLLOWER : null;
        observer = mode.equals("observer") ? AN_OBSERVER : null;
    }

    /** Called before a test looks at this peer, which may have come to lead a moment ago. */
    public static void look(QuorumPeer peer) {
        if (peer instanceof OutsidePeer && ((OutsidePeer) peer).process != null) {
            ((OutsidePeer) peer).setRole(((OutsidePeer) peer).mode());
        }
    }

    private String mode() {
        return said("srvr", "Mode: (.*)", "");
    }

    /** The first group of what the server's answer to that word has of the pattern. */
    private String said(String word, String pattern, String otherwise) {
        try {
            Matcher found = Pattern.compile(pattern).matcher(FourLetterWordMain.send4LetterWord("127.0.0.1", port, word));
            return found.find() ? found.group(1) : otherwise;
        } catch (Exception notYet) {
            return otherwise;
        }
    }

    @Override
    public ServerState getPeerState() {
        switch (process == null ? "" : mode()) {
            case "leader": return ServerState.LEADING;
            case "follower": return ServerState.FOLLOWING;
            case "observer": return ServerState.OBSERVING;
            default: return ServerState.LOOKING;
        }
    }

    @Override
    public int getMinSessionTimeout() {
        return Integer.parseInt(said("conf", "minSessionTimeout=(.*)", "-2"));
    }

    @Override
    public int getMaxSessionTimeout() {
        return Integer.parseInt(said("conf", "maxSessionTimeout=(.*)", "-2"));
    }

    @Override
    public long getLastLoggedZxid() {
        return Long.parseLong(said("srvr", "Zxid: 0x(.*)", "-1"), 16);
    }

    /** Of the server that serves, its requests in process alone can be asked for. */
    @Override
    public synchronized ZooKeeperServer getActiveServer() {
        ZooKeeperServer server = Mockito.mock(ZooKeeperServer.class);
        Mockito.when(server.getInProcess()).thenAnswer(call -> Integer.parseInt(said("srvr", "Outstanding: (.*)", "-1")));
        return server;
    }

    @Override
    public void shutdown() {
        OutsideServer.end(process);
        leader = null;
    }
}
