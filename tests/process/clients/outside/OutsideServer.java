package org.apache.zookeeper.server;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.reflect.Field;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.client.FourLetterWordMain;
import org.apache.zookeeper.server.persistence.FilePadding;
import org.apache.zookeeper.server.persistence.FileTxnLog;
import org.apache.zookeeper.server.quorum.QuorumPeerConfig;

/**
 * What ZooKeeper's own tests take for their server: it starts a process in its place.
 *
 * Named by the property zookeeper.serverCnxnFactory, so that the tests need no change. The property suite.command names the
 * program that runs one server (options for it, then a configuration file). The test's ZooKeeperServer object never starts;
 * it tells where the data lies, and its limits.
 */
public class OutsideServer extends ServerCnxnFactory {

    private static final int WAIT_MS = 60000;

    private Process process;
    private InetSocketAddress address;
    private int limit;

    @Override
    public void configure(InetSocketAddress at, int maxClientCnxns, int backlog, boolean isSecure) throws IOException {
        address = at;
        limit = maxClientCnxns;
        secure = isSecure;
    }

    @Override
    public void startup(ZooKeeperServer server, boolean startServer) throws IOException, InterruptedException {
        setZooKeeperServer(server);
        File data = server.getTxnLogFactory().getSnapDir().getParentFile();
        File config = new File(data, "zoo.cfg");
        writeConfig(config, server, data);
        process = launch(config);
        waitUntilServing(config);
    }

    private void writeConfig(File config, ZooKeeperServer server, File data) throws IOException {
        try (PrintWriter out = new PrintWriter(config)) {
            out.println("dataDir=" + data);
            out.println("dataLogDir=" + server.getTxnLogFactory().getDataDir().getParentFile());
            out.println("tickTime=" + server.getTickTime());
            out.println("minSessionTimeout=" + server.getMinSessionTimeout());
            out.println("maxSessionTimeout=" + server.getMaxSessionTimeout());
            out.println("maxClientCnxns=" + limit);
            out.println("reconfigEnabled=" + QuorumPeerConfig.isReconfigEnabled());
            out.println("clientPort=" + address.getPort());
            if (!address.getAddress().isAnyLocalAddress()) {
                out.println("clientPortAddress=" + address.getAddress().getHostAddress());
            }
        }
    }

    /** The lines of a configuration file, and of the dynamic one that it names. */
    public static Properties read(File config) throws IOException {
        Properties all = new Properties();
        try (FileInputStream in = new FileInputStream(config)) {
            all.load(in);
        }
        if (all.containsKey("dynamicConfigFile")) {
            try (FileInputStream in = new FileInputStream(all.getProperty("dynamicConfigFile"))) {
                all.load(in);
            }
        }
        return all;
    }

    /** Starts one server on its configuration; what it says is appended to a file in the directory suite.logs. */
    public static Process launch(File config) throws IOException {
        List<String> command = new ArrayList<>(List.of(System.getProperty("suite.command")));
        command.addAll(properties());
        command.add(config.getPath());
        return new ProcessBuilder(command).redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(logOf(config))).start();
    }

    private static File logOf(File config) {
        return new File(System.getProperty("suite.logs"), config.getParentFile().getName() + "." + config.getName());
    }

    private static List<String> properties() {
        List<String> out = new ArrayList<>();
        for (Map.Entry<Object, Object> entry : System.getProperties().entrySet()) {
            String name = entry.getKey().toString();
            boolean isServers = name.matches("(zookeeper|readonlymode|znode|jute|snapCount|fsync)\\b.*");
            if (isServers && !name.equals(ZOOKEEPER_SERVER_CNXN_FACTORY)) {
                out.add("-D" + name + "=" + entry.getValue());
            }
        }
        if (System.getProperty("zookeeper.snapCount") == null) {
            out.add("-Dzookeeper.snapCount=" + SyncRequestProcessor.getSnapCount());
        }
        out.add("-Dzookeeper.snapSizeLimitInKb=" + hidden(SyncRequestProcessor.class, "snapSizeInBytes") / 1024);
        out.add("-Dzookeeper.txnLogSizeLimitInKb=" + hidden(FileTxnLog.class, "txnLogSizeLimit") / 1024);
        out.removeIf(option -> option.startsWith("-Dzookeeper.preAllocSize="));
        out.add("-Dzookeeper.preAllocSize=" + FilePadding.getPreAllocSize() / 1024);
        Collections.sort(out);
        return out;
    }

    /** A setting that tests set by a method, and that nobody tells. */
    private static long hidden(Class<?> of, String name) {
        try {
            Field field = of.getDeclaredField(name);
            field.setAccessible(true);
            return field.getLong(null);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Fails when the process ends instead; the test would ask for half a minute whether the server is up. */
    private void waitUntilServing(File config) throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(WAIT_MS);
        while (System.nanoTime() < end && process.isAlive()) {
            try {
                if (FourLetterWordMain.send4LetterWord("127.0.0.1", address.getPort(), "srvr").contains("Mode: ")) {
                    return;
                }
            } catch (Exception notYet) {
                // The port is not bound yet.
            }
            Thread.sleep(20);
        }
        if (!process.isAlive()) {
            List<String> log = Files.readAllLines(logOf(config).toPath());
            throw new IOException("The server of " + config + " has ended with exit code " + process.exitValue()
                + " before it served. The last line of its log " + logOf(config) + ": "
                + (log.isEmpty() ? "(there is none)" : log.get(log.size() - 1)));
        }
    }

    /** Ends a server and waits for its end. */
    public static void end(Process process) {
        if (process == null) {
            return;
        }
        process.destroy();
        try {
            if (!process.waitFor(WAIT_MS, TimeUnit.MILLISECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void shutdown() {
        end(process);
    }

    @Override
    public void join() throws InterruptedException {
        process.waitFor();
    }

    @Override
    public void start() {
    }

    @Override
    public void reconfigure(InetSocketAddress at) {
        address = at;
    }

    @Override
    public void closeAll(ServerCnxn.DisconnectReason reason) {
        throw new UnsupportedOperationException("a server outside closes its connections itself");
    }

    @Override
    public boolean closeSession(long sessionId, ServerCnxn.DisconnectReason reason) {
        throw new UnsupportedOperationException("a server outside closes its sessions itself");
    }

    @Override
    public int getLocalPort() {
        return address.getPort();
    }

    @Override
    public InetSocketAddress getLocalAddress() {
        return address;
    }

    @Override
    public int getMaxClientCnxnsPerHost() {
        return limit;
    }

    @Override
    public void setMaxClientCnxnsPerHost(int max) {
        limit = max;
    }

    @Override
    public int getSocketListenBacklog() {
        return -1;
    }

    @Override
    public Iterable<ServerCnxn> getConnections() {
        throw new UnsupportedOperationException("a server outside does not show its connections");
    }

    @Override
    public int getNumAliveConnections() {
        throw new UnsupportedOperationException("a server outside does not show its connections");
    }

    @Override
    public void resetAllConnectionStats() {
        throw new UnsupportedOperationException("a server outside does not show its connections");
    }

    @Override
    public Iterable<Map<String, Object>> getAllConnectionInfo(boolean brief) {
        throw new UnsupportedOperationException("a server outside does not show its connections");
    }
}
