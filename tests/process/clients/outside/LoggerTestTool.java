package org.apache.zookeeper.test;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.apache.log4j.Level;
import org.apache.log4j.Logger;
import org.apache.log4j.SimpleLayout;
import org.apache.log4j.WriterAppender;

/**
 * Stands in the place of ZooKeeper's test class of this name, which wants logback: what one logger says, by log4j. If servers
 * run outside, what all of them have written since then to their logs is behind it.
 */
public class LoggerTestTool implements AutoCloseable {

    private final ByteArrayOutputStream said = new ByteArrayOutputStream() {
        @Override
        public synchronized String toString() {
            return super.toString() + saidOutside();
        }
    };
    private final Map<File, Long> before = new HashMap<>();
    private final WriterAppender appender = new WriterAppender(new SimpleLayout(), said);
    private final Logger logger;

    public LoggerTestTool(Class<?> of) {
        this(of.getName());
    }

    public LoggerTestTool(String name) {
        for (File log : logs()) {
            before.put(log, log.length());
        }
        logger = Logger.getLogger(name);
        logger.setLevel(Level.INFO);
        appender.setImmediateFlush(true);
        logger.addAppender(appender);
    }

    private static File[] logs() {
        File[] found = new File(System.getProperty("suite.logs", "/nowhere")).listFiles();
        return found == null ? new File[0] : found;
    }

    private String saidOutside() {
        StringBuilder out = new StringBuilder();
        for (File log : logs()) {
            try {
                byte[] all = Files.readAllBytes(log.toPath());
                out.append(new String(Arrays.copyOfRange(all, before.getOrDefault(log, 0L).intValue(), all.length)));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return out.toString();
    }

    public ByteArrayOutputStream getOutputStream() {
        return said;
    }

    @Override
    public void close() {
        logger.removeAppender(appender);
    }
}
