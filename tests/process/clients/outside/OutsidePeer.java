package org.apache.zookeeper.server.quorum;

import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.util.Map;
import org.apache.zookeeper.client.FourLetterWordMain;
import org.apache.zookeeper.server.OutsideServer;
import org.mockito.Mockito;

/**
 * What ZooKeeper's own tests take for one peer of their ensemble (where they say "new QuorumPeer"): it starts a process in its
 * place.
 *
 * The thread that a QuorumPeer is never runs. A thread of this class asks the process every 50 ms what it is, because
 * tests look at the field leader.
 */
public class OutsidePeer extends QuorumPeer {

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

    @Override
    public synchronized void start() {
        try {
            process = OutsideServer.launch(writeConfig());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
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
            out.println("localSessionsEnabled=" + areLocalSessionsEnabled());
            out.println("localSessionsUpgradingEnabled=" + isLocalSessionsUpgradingEnabled());
            for (QuorumServer server : getView().values()) {
                out.println("server." + server.id + "=127.0.0.1:" + server.addr.getOne().getPort() + ":"
                    + server.electionAddr.getOne().getPort() + (server.type == LearnerType.OBSERVER ? ":observer" : ""));
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
                leader = mode().equals("leader") ? leader != null ? leader : Mockito.mock(Leader.class) : null;
                Thread.sleep(50);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        leader = null;
    }

    private String mode() {
        try {
            String answer = FourLetterWordMain.send4LetterWord("127.0.0.1", port, "srvr");
            int at = answer.indexOf("Mode: ");
            return at < 0 ? "" : answer.substring(at + 6).split("\n")[0];
        } catch (Exception notYet) {
            return "";
        }
    }

    @Override
    public synchronized ServerState getPeerState() {
        switch (process == null ? "" : mode()) {
            case "leader": return ServerState.LEADING;
            case "follower": return ServerState.FOLLOWING;
            case "observer": return ServerState.OBSERVING;
            default: return ServerState.LOOKING;
        }
    }

    @Override
    public void shutdown() {
        OutsideServer.end(process);
        leader = null;
    }
}
