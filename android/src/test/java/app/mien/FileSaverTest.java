package app.mien;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;
import static org.robolectric.Shadows.shadowOf;

import android.app.Activity;
import android.content.Intent;
import android.net.Uri;
import android.os.Bundle;
import android.os.Looper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import org.junit.Before;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.annotation.Config;
import org.robolectric.shadows.ShadowToast;

/** A file that the page hands to the shell to save. */
@RunWith(RobolectricTestRunner.class)
@Config(sdk = 35)
public class FileSaverTest {
    private static final Uri PLACE = Uri.parse("content://documents/1");
    private MainActivity activity;
    private FileSaver saver;

    @Before
    public void setUp() {
        activity = Shell.start().get();
        saver = new FileSaver(activity);
    }

    private static String said() {
        shadowOf(Looper.getMainLooper()).idle();
        return ShadowToast.getTextOfLatestToast();
    }

    @Test
    public void aPictureIsCheckedBeforeItIsTaken() {
        assertTrue(saver.save("mien.jpg", "/9j/"));
        assertNull(said());
        for (String name : new String[] {"../x.jpg", "x.apk", "", null}) assertFalse(saver.save(name, "/9j/"));
        assertFalse(saver.save("mien.jpg", "no Base64!"));
        assertFalse(saver.save("mien.jpg", null));
        assertEquals(activity.getString(R.string.not_saved), said());
        assertFalse(FileSaver.waiting(activity).exists());
    }

    @Test
    public void aPictureThatIsTooLargeIsRefusedInWords() {
        assertFalse(saver.save("mien.jpg", "A".repeat(FileSaver.LONGEST + 4)));
        assertEquals(activity.getString(R.string.too_large), said());
        assertNull(shadowOf(activity).getNextStartedActivityForResult());
    }

    @Test
    public void aPictureIsSavedThoughAndroidTookTheActivityAwayWhileTheUserSaidWhere() {
        assertTrue(saver.save("mien.jpg", "/9j/"));
        shadowOf(Looper.getMainLooper()).idle();
        assertEquals(Intent.ACTION_CREATE_DOCUMENT, shadowOf(activity).getNextStartedActivityForResult().intent.getAction());
        MainActivity next = Shell.start(new Intent(Intent.ACTION_MAIN), new Bundle()).get();
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        shadowOf(next.getContentResolver()).registerOutputStream(PLACE, written);
        next.onActivityResult(FileSaver.REQUEST, Activity.RESULT_OK, new Intent().setData(PLACE));
        assertEquals(3, written.size());
        assertEquals(activity.getString(R.string.saved), said());
        assertFalse(FileSaver.waiting(next).exists());
    }

    @Test
    public void everyKindOfFileThatThePageMakesHasItsType() {
        String[][] kinds = {{"mien.jpg", "image/jpeg"}, {"mien.csv", "text/csv"}, {"mien.mp4", "video/mp4"}, {"mien.webm", "video/webm"}};
        for (String[] kind : kinds) {
            assertTrue(kind[0], saver.save(kind[0], "/9j/"));
            shadowOf(Looper.getMainLooper()).idle();
            assertEquals(kind[1], shadowOf(activity).getNextStartedActivityForResult().intent.getType());
        }
    }

    @Test
    public void whoChangesTheirMindIsToldNothing() {
        saver.save("mien.jpg", "/9j/");
        saver.chosen(Activity.RESULT_CANCELED, null);
        assertNull(said());
        assertFalse(FileSaver.waiting(activity).exists());
    }

    @Test
    public void aPlaceThatCannotBeWrittenIsSaid() {
        shadowOf(activity.getContentResolver()).registerOutputStream(PLACE, new OutputStream() {
            @Override
            public void write(int one) throws IOException {
                throw new IOException("full");
            }
        });
        saver.save("mien.jpg", "/9j/");
        saver.chosen(Activity.RESULT_OK, new Intent().setData(PLACE));
        assertEquals(activity.getString(R.string.not_saved), said());
    }
}
